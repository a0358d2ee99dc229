--- The operator that runs the text a motion covers.

local api = require("kernel_bridge.api")

local M = {}

--- Starts the operator: it runs the text of the next motion, or the selection in Visual mode. For an <expr> mapping.
---@return string
function M.operator()
  vim.o.operatorfunc = "v:lua.require'kernel_bridge.operator'.operate"
  return "g@"
end

---@param kind "line"|"char"|"block"
function M.operate(kind)
  local first, last = vim.api.nvim_buf_get_mark(0, "["), vim.api.nvim_buf_get_mark(0, "]")
  if kind ~= "char" then
    return api.run({ lines = { first[1], last[1] } })
  end
  local line = vim.fn.getline(last[1])
  local stop = last[2] < #line and last[2] + #vim.fn.strpart(line, last[2], 1, true) or #line
  api.run({ from = { first[1] - 1, first[2] }, to = { last[1] - 1, stop } })
end

return M
