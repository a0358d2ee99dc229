--- PNG images from the entries of MIME bundles; other formats are converted.

local M = {}

--- Reads width and height from the header of a PNG (RFC 2083, 11.2.1).
---@param png string
---@return {width: integer, height: integer}?
local function size(png)
  if png:sub(1, 8) ~= "\137PNG\r\n\26\n" then
    return nil
  end
  local function integer(at)
    local a, b, c, d = png:byte(at, at + 3)
    return ((a * 256 + b) * 256 + c) * 256 + d
  end
  return { width = integer(17), height = integer(21) }
end

--- ImageMagick's names of formats. Without a name, ImageMagick detects the format from the content, and MVG and MSL
--- can read and write files.
local FORMATS = {
  ["image/jpeg"] = "jpeg",
  ["image/gif"] = "gif",
  ["image/webp"] = "webp",
  ["image/svg+xml"] = "svg",
}

--- Finds a program that converts a file to PNG.
---@param mime string
---@param path string
---@return string[]? command writes the PNG to stdout
local function converter(mime, path)
  local named = ("%s:%s[0]"):format(FORMATS[mime], path)
  if mime == "image/svg+xml" and vim.fn.executable("rsvg-convert") == 1 then
    return { "rsvg-convert", path }
  elseif vim.fn.executable("magick") == 1 then
    return { "magick", named, "png:-" }
  elseif vim.fn.executable("convert") == 1 and vim.fn.has("win32") == 0 then
    return { "convert", named, "png:-" }
  end
end

---@alias kernel_bridge.PngLoaded fun(png?: string, size?: {width: integer, height: integer}, problem?: string)

---@param png string
---@param done kernel_bridge.PngLoaded
---@param problem? string
local function check(png, done, problem)
  local found = size(png)
  if found then
    done(png, found)
  else
    done(nil, nil, problem or "not a valid PNG")
  end
end

---@param medium kernel_bridge.Medium
---@param done kernel_bridge.PngLoaded
local function read(medium, done)
  if type(medium.value) == "string" then
    local decoded, png = pcall(vim.base64.decode, (medium.value:gsub("%s", "")))
    return check(decoded and png or "", done)
  end
  vim.uv.fs_open(medium:path(), "r", 0, function(failed, file)
    vim.uv.fs_read(file or -1, medium.value.bytes, 0, function(unreadable, png)
      if file then
        vim.uv.fs_close(file)
      end
      vim.schedule(function()
        check((failed or unreadable) and "" or png, done)
      end)
    end)
  end)
end

---@param medium kernel_bridge.Medium
---@param done kernel_bridge.PngLoaded
local function convert(medium, done)
  local mime = medium.mime
  local command = converter(mime, medium:path())
  if not command then
    local programs = mime == "image/svg+xml" and "rsvg-convert or ImageMagick" or "ImageMagick"
    return done(nil, nil, ("install %s to display it"):format(programs))
  end
  vim.system(command, { timeout = 20000 }, function(ended)
    vim.schedule(function()
      local failed = ended.code ~= 0
      local problem = failed and vim.trim(ended.stderr or ""):gsub("\n.*", "") or nil
      check(failed and "" or ended.stdout, done, problem)
    end)
  end)
end

--- Loads an image as PNG. Calls back at once if its bytes are in memory.
---@param medium kernel_bridge.Medium
---@param done kernel_bridge.PngLoaded
function M.load(medium, done)
  local load = medium.mime == "image/png" and read or convert
  load(medium, done)
end

return M
