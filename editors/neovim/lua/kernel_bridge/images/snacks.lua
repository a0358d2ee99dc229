--- Images with snacks.image, which detects the terminal, and converts and sends files. Placeholders position them among
--- the virtual lines, as with the kitty protocol.

local kitty = require("kernel_bridge.images.kitty")
local terminal = require("kernel_bridge.images.terminal")

local M = {}

--- Prepares an image with snacks.image, which queries the terminal and converts the file, both without blocking.
---@param image kernel_bridge.Image
---@param changed fun(image: kernel_bridge.Image) called when the image is ready or has failed
function M.load(image, changed)
  local snacks = require("snacks").image
  snacks.terminal.detect(vim.schedule_wrap(function()
    if not snacks.terminal.env().placeholders then
      terminal.snacks_unsupported = true
      image.medium.image = nil -- so that another backend or a line of text shows it
      return changed(image)
    end
    local source = snacks.image.new(image.medium:path())
    local function ready()
      if source.sent and not image.size then
        image.size = source.info and source.info.size or snacks.util.dim(source.file)
        image.source, image.id = source, source.id
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
---@param columns integer
---@param rows integer
---@return [string, string][][]
function M.rows(image, columns, rows)
  columns, rows = kitty.limit(columns, rows)
  if image.columns ~= columns or image.rows ~= rows then
    image.columns, image.rows = columns, rows
    local place = { a = "p", U = 1, C = 1, i = image.id, p = image.placement.id, c = columns, r = rows }
    require("snacks").image.terminal.request(place)
  end
  return kitty.placeholders(image.id, columns, rows)
end

return M
