--- Images with snacks.image, which detects the terminal, and converts and sends files. Placeholders position them among
--- the virtual lines, as with the kitty protocol.

local kitty = require("kernel_bridge.images.kitty")

local M = {}

local unsupported = false -- whether snacks.image has found no placeholders
local images = setmetatable({}, { __mode = "k" }) ---@type table<kernel_bridge.Image, true>

---@return boolean
function M.is_enabled()
  return package.loaded.snacks ~= nil and (Snacks.config.image or {}).enabled == true and not unsupported
end

--- Prepares an image with snacks.image, which queries the terminal and converts the file, both without blocking.
---@param image kernel_bridge.Image
---@param changed fun(image: kernel_bridge.Image) called when the image is ready or has failed
function M.load(image, changed)
  local snacks = require("snacks").image
  snacks.terminal.detect(vim.schedule_wrap(function()
    if not snacks.terminal.env().placeholders then
      unsupported = true -- another backend or a line of text shows it
      return changed(image)
    end
    local source = snacks.image.new(image.medium:path())
    local function ready()
      if source.sent and not image.size then
        image.size = source.info and source.info.size or snacks.util.dim(source.file)
        image.source, image.id = source, source.id
        images[image] = true
        changed(image)
      end
    end
    image.placement = {
      update = vim.schedule_wrap(ready),
      error = function()
        image.problem = "snacks.image could not convert it"
        changed(image)
      end,
    }
    source:place(image.placement)
    ready()
  end))
end

---@param image kernel_bridge.Image
local function place(image)
  local placement =
    { a = "p", U = 1, C = 1, i = image.id, p = image.placement.id, c = image.columns, r = image.rows }
  require("snacks").image.terminal.request(placement)
end

---@param image kernel_bridge.Image
---@param columns integer
---@param rows integer
---@return [string, string][][]
function M.rows(image, columns, rows)
  columns, rows = kitty.limit(columns, rows)
  if image.columns ~= columns or image.rows ~= rows then
    image.columns, image.rows = columns, rows
    place(image)
  end
  return kitty.placeholders(image.id, columns, rows)
end

--- Sends all images and their placements again.
function M.resend()
  for image in pairs(images) do
    image.source.sent = false
    image.source:send()
    if image.columns then
      place(image)
    end
  end
end

return M
