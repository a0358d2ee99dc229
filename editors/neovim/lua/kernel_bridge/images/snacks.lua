--- Pictures with snacks.image: it knows the terminal, converts files and sends them; where they stand among the
--- virtual lines is said by placeholders, as with the kitty protocol.

local kitty = require("kernel_bridge.images.kitty")
local terminal = require("kernel_bridge.images.terminal")

local M = {}

--- Lets snacks.image make a picture ready. It asks the terminal what it is, and converts; neither is waited for.
---@param image kernel_bridge.Image
---@param changed fun(image: kernel_bridge.Image) it is ready, or cannot be shown
function M.load(image, changed)
  local snacks = require("snacks").image
  snacks.terminal.detect(vim.schedule_wrap(function()
    if not snacks.terminal.env().placeholders then
      terminal.snacks_unsupported = true
      image.medium.image = nil -- another backend, or a line
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
