--- Writes terminal text to a buffer, with its escape sequences as highlights.

local ansi = require("kernel_bridge.ansi")

local M = {}

M.namespace = vim.api.nvim_create_namespace("kernel_bridge_output")

--- Replaces all lines from `row` on with terminal text.
---@param bufnr integer
---@param row integer
---@param lines string[]
---@param group? string highlight group for all lines
---@param pen? kernel_bridge.Pen the current colours; updated
function M.write(bufnr, row, lines, group, pen)
  local plain, marks = {}, {}
  pen = pen or {}
  for index, line in ipairs(lines) do
    local pieces = ansi.pieces(line, pen)
    if #pieces == 1 then
      plain[index] = pieces[1][1]
    else
      local parts = {}
      for at, piece in ipairs(pieces) do
        parts[at] = piece[1]
      end
      plain[index] = table.concat(parts)
    end
    local column = 0
    for _, piece in ipairs(pieces) do
      if piece[2] and piece[1] ~= "" then
        marks[#marks + 1] = { index - 1, column, column + #piece[1], piece[2] }
      end
      column = column + #piece[1]
    end
  end
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_clear_namespace(bufnr, M.namespace, row, -1)
  vim.api.nvim_buf_set_lines(bufnr, row, -1, false, plain)
  vim.bo[bufnr].modifiable = false
  if group and #plain > 0 then
    vim.api.nvim_buf_set_extmark(bufnr, M.namespace, row, 0, {
      end_row = row + #plain,
      hl_group = group,
      priority = 100,
      strict = false,
    })
  end
  for _, mark in ipairs(marks) do
    vim.api.nvim_buf_set_extmark(bufnr, M.namespace, row + mark[1], mark[2], {
      end_col = mark[3],
      hl_group = mark[4],
      priority = 110,
    })
  end
end

return M
