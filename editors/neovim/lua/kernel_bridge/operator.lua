--- The operator that runs the text a motion covers.

local api = require("kernel_bridge.api")

local M = {}

--- The corners of a block as selected; the marks of an operator lose a corner that is beyond the end of its line.
---@class kernel_bridge.Block
---@field from integer[] as of |getpos()|
---@field to integer[]
---@field ragged? boolean each line to its end: the user typed $

local selected ---@type kernel_bridge.Block?

--- Starts the operator: it runs the text of the next motion, or the selection in Visual mode. For an <expr> mapping.
---@return string
function M.operator()
  selected = vim.fn.mode() == "\22"
      and {
        from = vim.fn.getpos("v"),
        to = vim.fn.getpos("."),
        ragged = vim.fn.getcurpos()[5] == vim.v.maxcol,
      }
    or nil
  vim.o.operatorfunc = "v:lua.require'kernel_bridge.operator'.operate"
  return "g@"
end

--- The text of a block, line by line.
---@param block kernel_bridge.Block
---@return string[]
local function text_of(block)
  if not block.ragged then
    return vim.fn.getregion(block.from, block.to, { type = "\22" })
  end
  local function left_of(position)
    return vim.fn.virtcol({ position[2], position[3] }, true)[1]
  end
  local left = math.min(left_of(block.from), left_of(block.to))
  local lines = {}
  for row = math.min(block.from[2], block.to[2]), math.max(block.from[2], block.to[2]) do
    local is_longer = vim.fn.virtcol({ row, "$" }) > left
    lines[#lines + 1] = is_longer and vim.fn.getline(row):sub(vim.fn.virtcol2col(0, row, left)) or ""
  end
  return lines
end

---@param kind "line"|"char"|"block"
function M.operate(kind)
  local first, last = vim.api.nvim_buf_get_mark(0, "["), vim.api.nvim_buf_get_mark(0, "]")
  local lines = { first[1], last[1] }
  if kind == "line" then
    return api.run({ lines = lines })
  elseif kind == "block" then
    local text = text_of(selected or { from = vim.fn.getpos("'["), to = vim.fn.getpos("']") })
    selected = nil
    for row, line in ipairs(text) do
      text[row] = line:gsub("%s+$", "") -- Neovim fills short lines with blanks
    end
    return api.run({ lines = lines, code = vim.text.indent(0, table.concat(text, "\n")) })
  end
  local line = vim.fn.getline(last[1])
  local stop = last[2] < #line and last[2] + #vim.fn.strpart(line, last[2], 1, true) or #line
  api.run({ from = { first[1] - 1, first[2] }, to = { last[1] - 1, stop } })
end

return M
