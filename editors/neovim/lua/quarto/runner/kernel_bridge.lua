--- A code runner of quarto-nvim: `codeRunner = { default_method = "kernel_bridge" }`.

local bridge = require("kernel_bridge")

local M = {}

---@param cell {range: {from: [integer, integer], to: [integer, integer]}} 0-based; the row of `to` is exclusive
function M.run(cell)
  bridge.run({ lines = { cell.range.from[1] + 1, cell.range.to[1] } })
end

return M
