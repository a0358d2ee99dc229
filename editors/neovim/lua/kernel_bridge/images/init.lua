--- Images: chooses a backend, and prepares images for it.

local config = require("kernel_bridge.config")
local image_nvim = require("kernel_bridge.images.image_nvim")
local kitty = require("kernel_bridge.images.kitty")
local snacks = require("kernel_bridge.images.snacks")
local terminal = require("kernel_bridge.images.terminal")

local M = {}

---@class kernel_bridge.Image
---@field medium kernel_bridge.Medium
---@field size? {width: integer, height: integer} in pixels
---@field png? string the bytes, once loaded
---@field problem? string why it cannot be shown
---@field waiting (fun())[] callbacks for when the image is ready or has failed
---@field id? integer the terminal's ID of the image
---@field columns? integer the size of its last placement
---@field rows? integer
---@field guard? userdata deletes the image from the terminal when it is collected

--- Returns the backend to use. Decides by the environment variables and never queries the terminal.
---@return "kitty"|"snacks"|"image.nvim"|"none" backend
---@return string reason
function M.backend()
  local wanted = config.get().images.backend
  if wanted ~= "auto" then
    return wanted, ('images.backend is "%s"'):format(wanted)
  end
  return terminal.backend()
end

--- Reads width and height from the header of a PNG (RFC 2083, 11.2.1).
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

---@param image kernel_bridge.Image
---@param png string
local function ready(image, png)
  image.size = png_size(png)
  if not image.size then
    image.problem = image.problem or "not a valid PNG"
  else
    image.png = png
  end
end

--- Calls the callbacks that wait for an image.
---@param image kernel_bridge.Image
local function changed(image)
  local waiting = image.waiting
  image.waiting = {}
  for _, callback in ipairs(waiting) do
    callback()
  end
end

---@param image kernel_bridge.Image
local function load_png(image)
  local medium = image.medium
  if type(medium.value) == "string" then
    local decoded, png = pcall(vim.base64.decode, (medium.value:gsub("%s", "")))
    return ready(image, decoded and png or "")
  end
  vim.uv.fs_open(medium:path(), "r", 0, function(failed, file)
    vim.uv.fs_read(file or -1, medium.value.bytes, 0, function(unreadable, png)
      if file then
        vim.uv.fs_close(file)
      end
      vim.schedule(function()
        ready(image, (failed or unreadable) and "" or png)
        changed(image)
      end)
    end)
  end)
end

---@param image kernel_bridge.Image
local function convert(image)
  local mime, path = image.medium.mime, image.medium:path()
  local command = converter(mime, path)
  if not command then
    image.problem = mime == "image/svg+xml" and "install rsvg-convert or ImageMagick to display it"
      or "install ImageMagick to display it"
    return
  end
  vim.system(command, { timeout = 20000 }, function(done)
    vim.schedule(function()
      if done.code ~= 0 then
        image.problem = vim.trim(done.stderr or ""):gsub("\n.*", "")
      end
      ready(image, done.code == 0 and done.stdout or "")
      changed(image)
    end)
  end)
end

--- Returns the image of an entry of a MIME bundle. Calls `on_ready` later if the image is not ready yet.
---@param medium kernel_bridge.Medium
---@param on_ready fun()
---@return kernel_bridge.Image
function M.of(medium, on_ready)
  local image = medium.image
  if not image then
    image = { medium = medium, waiting = {} }
    medium.image = image
    local backend = M.backend()
    if backend == "snacks" then
      snacks.load(image, changed)
    elseif medium.mime == "image/png" then
      load_png(image)
    elseif backend ~= "none" then
      convert(image)
    end
  end
  if not image.size and not image.problem then
    image.waiting[#image.waiting + 1] = on_ready
  end
  return image
end

--- The size of an image in cells, limited by the options and the available width.
---@param image kernel_bridge.Image
---@param width integer available columns
---@return integer columns
---@return integer rows
function M.cells(image, width)
  local options = config.get().images
  local cell = terminal.cell()
  local columns, rows = image.size.width / cell.width, image.size.height / cell.height
  local scale = math.min(1, math.min(options.max_width, width) / columns, options.max_height / rows)
  return math.max(1, math.floor(columns * scale)), math.max(1, math.ceil(rows * scale - 0.01))
end

--- Modules by backend. `rows` of a module returns the virtual lines of an image.
local DRAWING = { kitty = kitty, snacks = snacks, ["image.nvim"] = image_nvim }

--- The virtual lines of an image; nil if it is not ready or nothing can draw it.
---@param image kernel_bridge.Image
---@param width integer
---@return [string, any][][]?
function M.rows(image, width)
  local drawing = DRAWING[M.backend()]
  if not image.size or not drawing then
    return nil
  end
  return drawing.rows(image, M.cells(image, width))
end

--- An image among the virtual lines under a line.
---@class kernel_bridge.Placed
---@field image kernel_bridge.Image
---@field offset integer number of virtual lines above it

--- Draws the images of a key under a line with image.nvim, which draws over the virtual lines set before. Clears the
--- images that the key had before.
---@param key string
---@param bufnr integer
---@param line integer 0-based
---@param placed kernel_bridge.Placed[]
function M.place(key, bufnr, line, placed)
  local is_drawn = #placed > 0 and M.backend() == "image.nvim"
  image_nvim.place(key, bufnr, line, is_drawn and placed or {})
end

return M
