--- Pictures: which of the ways to show one there is here, and pictures made ready for it.

local config = require("kernel_bridge.config")

local M = {}

---@class kernel_bridge.Image
---@field medium kernel_bridge.Medium
---@field size? {width: integer, height: integer} in pixels
---@field png? string bytes, once they are there
---@field problem? string why it is not shown
---@field id? integer of the terminal

--- The way pictures are shown. Nothing is asked of the terminal: what the environment says is taken.
---@return "kitty"|"snacks"|"image.nvim"|"none" backend
---@return string reason
function M.backend()
  local wanted = config.get().images.backend
  if wanted ~= "auto" then
    return wanted, "setup says so"
  end
  return require("kernel_bridge.images.terminal").backend()
end

--- Width and height as the header of a PNG (RFC 2083, 11.2.1) has them.
---@param png string
---@return {width: integer, height: integer}?
local function png_size(png)
  if png:sub(1, 8) ~= "\137PNG\r\n\26\n" then
    return nil
  end
  local function integer(at)
    local a, b, c, d = png:byte(at, at + 3)
    return ((a * 256 + b) * 256 + c) * 256 + d
  end
  return { width = integer(17), height = integer(21) }
end

--- Programs that make a PNG of an SVG or JPEG file.
---@param mime string
---@param path string
---@return string[]? command that writes a PNG to stdout
local function converter(mime, path)
  if mime == "image/svg+xml" and vim.fn.executable("rsvg-convert") == 1 then
    return { "rsvg-convert", path }
  elseif vim.fn.executable("magick") == 1 then
    return { "magick", path .. "[0]", "png:-" }
  elseif vim.fn.executable("convert") == 1 and vim.fn.has("win32") == 0 then
    return { "convert", path .. "[0]", "png:-" }
  end
end

---@param image kernel_bridge.Image
---@param png string
local function ready(image, png)
  image.size = png_size(png)
  if not image.size then
    image.problem = "is not a PNG"
  else
    image.png = png
  end
end

--- The picture of a MIME bundle's entry; `changed` is called once it could be shown and was not before.
---@param medium kernel_bridge.Medium
---@param changed fun()
---@return kernel_bridge.Image
function M.of(medium, changed)
  if medium.image then
    return medium.image
  end
  local image = { medium = medium }
  medium.image = image
  if medium.mime == "image/png" then
    if type(medium.value) == "string" then
      local decoded, png = pcall(vim.base64.decode, (medium.value:gsub("%s", "")))
      ready(image, decoded and png or "")
      return image
    end
    vim.uv.fs_open(medium:path(), "r", 0, function(failed, file)
      vim.uv.fs_read(file or -1, medium.value.bytes, 0, function(unreadable, png)
        if file then
          vim.uv.fs_close(file)
        end
        vim.schedule(function()
          ready(image, (failed or unreadable) and "" or png)
          changed()
        end)
      end)
    end)
    return image
  end
  if M.backend() == "none" then
    return image
  end
  local command = converter(medium.mime, medium:path())
  if not command then
    image.problem = medium.mime == "image/svg+xml" and "install rsvg-convert or ImageMagick to see it"
      or "install ImageMagick to see it"
    return image
  end
  vim.system(command, { timeout = 20000 }, function(done)
    vim.schedule(function()
      ready(image, done.code == 0 and done.stdout or "")
      if done.code ~= 0 then
        image.problem = vim.trim(done.stderr or ""):gsub("\n.*", "")
      end
      changed()
    end)
  end)
  return image
end

--- The cells that a picture takes: its own size in cells, within the options and the width.
---@param image kernel_bridge.Image
---@param width integer columns there are
---@return integer columns
---@return integer rows
function M.cells(image, width)
  local options = config.get().images
  local cell = require("kernel_bridge.images.terminal").cell()
  local columns, rows = image.size.width / cell.width, image.size.height / cell.height
  local scale = math.min(1, math.min(options.max_width, width) / columns, options.max_height / rows)
  return math.max(1, math.floor(columns * scale)), math.max(1, math.ceil(rows * scale - 0.01))
end

--- Rows of virtual lines that a picture is drawn on; nil when it is not.
---@param image kernel_bridge.Image
---@param width integer
---@return [string, any][][]?
function M.rows(image, width)
  if not image.size or M.backend() ~= "kitty" then
    return nil
  end
  return require("kernel_bridge.images.kitty").rows(image, M.cells(image, width))
end

return M
