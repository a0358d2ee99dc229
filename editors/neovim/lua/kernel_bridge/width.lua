--- Text and the columns that it takes on the screen.

local M = {}

--- Shortens a text to a number of columns. A shortened one ends with "…".
---@param text string
---@param columns integer at least 1
---@return string
function M.shortened(text, columns)
  if vim.api.nvim_strwidth(text) <= columns then
    return text
  end
  local count = columns - 1
  while vim.api.nvim_strwidth(vim.fn.strcharpart(text, 0, count)) > columns - 1 do
    count = count - 1
  end
  return vim.fn.strcharpart(text, 0, count) .. "…"
end

--- Pads a text with spaces on its right.
---@param text string
---@param columns integer
---@return string
function M.padded(text, columns)
  return text .. (" "):rep(columns - vim.api.nvim_strwidth(text))
end

return M
