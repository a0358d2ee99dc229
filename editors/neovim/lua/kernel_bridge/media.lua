--- MIME bundles: which entry the editor shows, and which one the user can open in another program.

local ansi = require("kernel_bridge.ansi")
local client = require("kernel_bridge.client")
local images = require("kernel_bridge.images")
local latex = require("kernel_bridge.latex")
local outputs = require("kernel_bridge.outputs")
local plural = require("kernel_bridge.plural")
local vocabulary = require("kernel_bridge.vocabulary")

local M = {}

local PICTURES = { "image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml" }
local EXTENSIONS = {
  ["image/png"] = "png",
  ["image/jpeg"] = "jpg",
  ["image/gif"] = "gif",
  ["image/webp"] = "webp",
  ["image/svg+xml"] = "svg",
}
local NAMES = {
  ["text/html"] = "HTML output",
  ["application/pdf"] = "PDF",
  ["application/vnd.plotly.v1+json"] = "Plotly figure",
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
---@field file? string a temporary file with the image
---@field decodes? boolean
---@field image? kernel_bridge.Image as last shown
---@field images? table<string, kernel_bridge.Image> by backend
local Medium = {}
Medium.__index = Medium

--- Size in bytes.
---@return integer
function Medium:bytes()
  if type(self.value) == "table" then
    return self.value.bytes
  elseif self:is_base64() and self:is_image() then
    local encoded = self.value:gsub("%s", "")
    return #encoded / 4 * 3 - #encoded:match("=*$")
  end
  return #self.value
end

--- Whether it is an image in memory, encoded in base64.
---@return boolean
function Medium:is_base64()
  return type(self.value) == "string" and vim.startswith(self.mime, "image/") and self.mime ~= "image/svg+xml"
end

--- Whether it is an image that can be decoded; the server has decoded those that are files.
---@return boolean
function Medium:is_image()
  if not EXTENSIONS[self.mime] then
    return false
  elseif self.decodes == nil then
    self.decodes = not self:is_base64() or pcall(vim.base64.decode, (self.value:gsub("%s", "")))
  end
  return self.decodes
end

--- Returns a file with an image: the server's, or a temporary one that Neovim deletes on exit.
---@return string path
function Medium:path()
  if type(self.value) == "table" then
    return vim.uri_to_fname(self.value.uri)
  end
  if not self.file then
    self.file = vim.fn.tempname() .. "." .. EXTENSIONS[self.mime]
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
    if medium and medium:is_image() then
      return medium
    end
  end
end

--- The entry that another program can show better than a text: an image, a page, or data of another type.
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
  local others = vim.tbl_filter(function(mime)
    return not vim.list_contains(vocabulary.readable, mime)
  end, vim.tbl_keys(output.data))
  table.sort(others)
  return others[1] and M.medium(output, others[1])
end

---@param medium kernel_bridge.Medium
---@param size? {width: integer, height: integer} in pixels
---@return string
function M.described(medium, size)
  local pixels = size and (" %d×%d"):format(size.width, size.height) or ""
  local name = NAMES[medium.mime]
    or medium.mime:find("^application/vnd%.vega") and "Vega chart"
    or medium.mime
  return ("▣ %s%s, %s"):format(ansi.legible(name), pixels, M.size(medium:bytes()))
end

--- Whether an output is a page beside its text, such as a data frame: nothing but the text needs to be shown.
---@param output kernel_bridge.KeptOutput
---@return boolean
function M.is_page_too(output)
  local medium = output.data and M.openable(output)
  return medium ~= nil and medium.mime == "text/html" and outputs.text_mime(output) ~= nil
end

--- Whether the text of an output has columns.
---@param output kernel_bridge.KeptOutput
---@return boolean
function M.is_table(output)
  local html = output.data["text/html"]
  return type(html) == "string" and html:find("<table", 1, true) ~= nil
end

--- The readable text of a bundle, and its MIME type. Markdown has no escape sequences: its highlights are the parser's.
---@param output kernel_bridge.KeptOutput
---@return string? text
---@return string? mime
function M.text(output)
  local mime, words = outputs.text_mime(output), outputs.text(output)
  if mime == "text/latex" then
    words = latex.readable(words)
  elseif mime == "text/markdown" then
    words = table.concat(vim.tbl_map(ansi.plain, vim.split(words, "\n", { plain = true })), "\n")
  end
  return words, mime
end

--- What to show for a MIME bundle: the rows of an image, or text.
---@param output kernel_bridge.KeptOutput
---@param width integer columns
---@param changed fun() called when an image becomes ready
---@return {rows?: [string, any][][], image?: kernel_bridge.Image, text?: string, mime?: string, hint?: string}
function M.show(output, width, changed)
  local picture, words, mime = M.picture(output), M.text(output)
  local is_formula = output.data["text/latex"] ~= nil
  if picture then
    local image = images.of(picture, changed)
    local rows = images.rows(image, width)
    if rows then
      return { rows = rows, image = image }
    elseif not is_formula or not words then
      local opens = image.problem and " · " .. ansi.legible(image.problem) or " · :KernelBridge open"
      return { hint = M.described(picture, image.size) .. opens }
    end
  end
  local medium = M.openable(output)
  if not medium or is_formula or M.is_page_too(output) or medium.mime == "application/json" then
    return { text = words or "", mime = mime }
  end
  return { text = words, mime = mime, hint = M.described(medium) .. " · :KernelBridge open" }
end

--- Whether a chunk of a virtual line is part of an image. Its highlight group must not change: the colour is the ID.
---@param chunk [string, any]
---@return boolean
function M.is_picture(chunk)
  return type(chunk[2]) == "string" and vim.startswith(chunk[2], "KernelBridgeImage")
end

--- Has the server open an output in the system's viewer or browser.
---@param entry kernel_bridge.RunEntry
---@param output kernel_bridge.KeptOutput
function M.open(entry, output)
  local server = vim.lsp.get_client_by_id(entry.client_id)
  if not server or server:is_stopped() then
    return client.notify("the server of this run has exited; run the code again", vim.log.levels.WARN)
  end
  for index, other in ipairs(entry.outputs) do
    if other == output then
      local argument = { runId = entry.run.id, index = index - 1 }
      local params = { command = "kernel-bridge.showOutput", arguments = { argument } }
      server:request("workspace/executeCommand", params, function(failed)
        if failed then
          client.notify(failed.message, vim.log.levels.ERROR)
        end
      end)
    end
  end
end

return M
