--- MIME bundles: which entry the editor shows, and which one the user can open in another program.

local ansi = require("kernel_bridge.ansi")
local images = require("kernel_bridge.images")
local outputs = require("kernel_bridge.outputs")
local plural = require("kernel_bridge.plural")

local M = {}

local PICTURES = { "image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml" }
local EXTENSIONS = {
  ["image/png"] = "png",
  ["image/jpeg"] = "jpg",
  ["image/gif"] = "gif",
  ["image/webp"] = "webp",
  ["image/svg+xml"] = "svg",
  ["application/pdf"] = "pdf",
  ["text/html"] = "html",
  ["text/markdown"] = "md",
  ["text/latex"] = "tex",
  ["application/json"] = "json",
}

---@param bytes integer
---@return string
function M.size(bytes)
  if bytes < 1000 then
    return plural(bytes, "byte")
  elseif bytes < 1e6 then
    return ("%.1f kB"):format(bytes / 1e3)
  end
  return ("%.1f MB"):format(bytes / 1e6)
end

--- One entry of a MIME bundle. The bytes are in memory or in a file of the server.
---@class kernel_bridge.Medium
---@field mime string
---@field value string|kernel_bridge.BlobFile
local Medium = {}
Medium.__index = Medium

--- Size in bytes.
---@return integer
function Medium:bytes()
  if type(self.value) == "table" then
    return self.value.bytes
  elseif self:is_base64() then
    local encoded = self.value:gsub("%s", "")
    return #encoded / 4 * 3 - #encoded:match("=*$")
  end
  return #self.value
end

---@return boolean
function Medium:is_base64()
  return self.mime ~= "image/svg+xml" and not self.mime:find("^text/") and self.mime ~= "application/json"
end

--- Returns a file with the bytes: the server's, or a temporary one that Neovim deletes on exit.
---@return string path
function Medium:path()
  if type(self.value) == "table" then
    return vim.uri_to_fname(self.value.uri)
  end
  if not self.file then
    self.file = vim.fn.tempname() .. "." .. (EXTENSIONS[self.mime] or "bin")
    local file = assert(io.open(self.file, "wb"))
    file:write(self:is_base64() and vim.base64.decode((self.value:gsub("%s", ""))) or self.value)
    file:close()
  end
  return self.file
end

---@param output kernel_bridge.KeptOutput
---@param mime string
---@return kernel_bridge.Medium?
function M.medium(output, mime)
  local value = output.data[mime]
  if value == nil then
    return nil
  end
  output.media = output.media or {}
  if not output.media[mime] then
    if type(value) == "table" and not value.uri then
      value = vim.json.encode(value)
    end
    output.media[mime] = setmetatable({ mime = mime, value = value }, Medium)
  end
  return output.media[mime]
end

---@param output kernel_bridge.KeptOutput
---@return kernel_bridge.Medium? picture the first entry that a terminal may be able to show
function M.picture(output)
  for _, mime in ipairs(PICTURES) do
    local medium = output.data and M.medium(output, mime)
    if medium then
      return medium
    end
  end
end

--- The entry to open in another program: an image, a page, or any type that is not plain text.
---@param output kernel_bridge.KeptOutput
---@return kernel_bridge.Medium?
function M.openable(output)
  if not output.data then
    return nil
  end
  local found = M.picture(output) or M.medium(output, "text/html") or M.medium(output, "application/pdf")
  if found then
    return found
  end
  for mime in pairs(output.data) do
    if mime ~= "text/plain" then
      return M.medium(output, mime)
    end
  end
end

---@param medium kernel_bridge.Medium
---@param size? {width: integer, height: integer} in pixels
---@return string
function M.described(medium, size)
  local pixels = size and (" %d×%d"):format(size.width, size.height) or ""
  return ("▣ %s%s, %s"):format(medium.mime, pixels, M.size(medium:bytes()))
end

--- What to show for a MIME bundle: the rows of an image, or text.
---@param output kernel_bridge.KeptOutput
---@param width integer columns
---@param changed fun() called when an image becomes ready
---@return {rows?: [string, any][][], image?: kernel_bridge.Image, text?: string, group?: string}
function M.show(output, width, changed)
  local picture = M.picture(output)
  if picture then
    local image = images.of(picture, changed)
    local rows = images.rows(image, width)
    if rows then
      return { rows = rows, image = image }
    end
    local opens = image.problem and " · " .. ansi.legible(image.problem) or " · :KernelBridge open"
    return { text = M.described(picture, image.size) .. opens, group = "KernelBridgeMedia" }
  end
  local words = outputs.text(output)
  if words then
    return { text = words, group = "KernelBridgeOutput" }
  end
  local medium = M.openable(output)
  if medium then
    return { text = M.described(medium) .. " · :KernelBridge open", group = "KernelBridgeMedia" }
  end
  return { text = "", group = "KernelBridgeOutput" }
end

--- Whether a chunk of a virtual line is part of an image. Its highlight group must not change: the colour is the ID.
---@param chunk [string, any]
---@return boolean
function M.is_picture(chunk)
  return type(chunk[2]) == "string" and vim.startswith(chunk[2], "KernelBridgeImage")
end

--- Opens an entry in the system's viewer or browser.
---@param medium kernel_bridge.Medium
function M.open(medium)
  local _, problem = vim.ui.open(medium:path())
  if problem then
    vim.notify(problem, vim.log.levels.WARN)
  end
end

return M
