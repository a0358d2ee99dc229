--- Images: chooses a backend, and prepares images for it.

local client = require("kernel_bridge.client")
local config = require("kernel_bridge.config")
local image_nvim = require("kernel_bridge.images.image_nvim")
local kitty = require("kernel_bridge.images.kitty")
local png = require("kernel_bridge.images.png")
local snacks = require("kernel_bridge.images.snacks")
local terminal = require("kernel_bridge.images.terminal")
local tty = require("kernel_bridge.images.tty")

local M = {}

---@class kernel_bridge.Image
---@field medium kernel_bridge.Medium
---@field backend string the backend that it was loaded for
---@field size? {width: integer, height: integer} in pixels
---@field problem? string why it cannot be shown
---@field waiting (fun())[] callbacks for when the image is ready or has failed
---@field id? integer the terminal's ID of the image
---@field columns? integer the size of its last placement
---@field rows? integer
---@field guard? userdata deletes the image from the terminal when it is collected

--- Modules by backend. `rows` of a module returns the virtual lines of an image, `resend` sends all images again.
local DRAWING = { kitty = kitty, snacks = snacks, ["image.nvim"] = image_nvim }

--- The backend to use: what the terminal has answered decides.
---@return "kitty"|"snacks"|"image.nvim"|"none" backend
---@return string reason
---@return string? remedy
function M.backend()
  local wanted = config.get().images.backend
  if wanted ~= "auto" then
    return wanted, ('images.backend is "%s"'):format(wanted)
  end
  local draws, reason, remedy = terminal.draws()
  if draws and snacks.is_enabled() then
    return "snacks", "snacks.image is enabled, " .. reason
  elseif draws then
    return "kitty", reason
  elseif draws == false and tty.is_attached() and image_nvim.is_enabled() then
    return "image.nvim", "image.nvim is set up"
  end
  return "none", reason, remedy
end

local said = false

--- Says once why images are shown as text.
local function explain()
  local _, reason, remedy = M.backend()
  if
    not said
    and config.get().images.backend == "auto"
    and tty.is_attached()
    and terminal.draws() == false
  then
    said = true
    client.notify("pictures are shown as text: " .. reason .. (remedy and "; " .. remedy or ""))
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

--- Returns the image of an entry of a MIME bundle. Calls `on_ready` later if the image is not ready yet.
---@param medium kernel_bridge.Medium
---@param on_ready fun()
---@return kernel_bridge.Image
function M.of(medium, on_ready)
  local backend = M.backend()
  medium.images = medium.images or {}
  local image = medium.images[backend]
  medium.image = image
  if not image then
    image = { medium = medium, backend = backend, waiting = {} }
    medium.images[backend], medium.image = image, image
    if backend == "snacks" then
      snacks.load(image, changed)
    elseif backend ~= "none" or medium.mime == "image/png" then
      png.load(medium, function(bytes, size, problem)
        local function ready()
          image.size, image.problem = size, problem
          changed(image)
        end
        if bytes and backend == "kitty" then
          kitty.send(image, bytes, ready)
        else
          ready()
        end
      end)
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
  local cell = tty.cell()
  local columns, rows = image.size.width / cell.width, image.size.height / cell.height
  local scale = math.min(1, math.min(options.max_width, width) / columns, options.max_height / rows)
  return math.max(1, math.floor(columns * scale)), math.max(1, math.ceil(rows * scale - 0.01))
end

--- The virtual lines of an image; nil if it is not ready or nothing can draw it.
---@param image kernel_bridge.Image
---@param width integer
---@return [string, any][][]?
function M.rows(image, width)
  local drawing = DRAWING[image.backend]
  if not drawing then
    explain()
  elseif image.size then
    return drawing.rows(image, M.cells(image, width))
  end
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

--- Sends all images again: another terminal does not have them, and a terminal drops the oldest when it has too many.
function M.resend()
  local drawing = DRAWING[M.backend()]
  if drawing then
    drawing.resend()
  end
end

terminal.on("attach", M.resend)

-- CTRL-L draws the screen again, and what is typed in other modes does not.
vim.on_key(function(key)
  if key == "\12" and vim.api.nvim_get_mode().mode == "n" then
    vim.schedule(M.resend)
  end
end, vim.api.nvim_create_namespace("kernel_bridge_images"))

return M
