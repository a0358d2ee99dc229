--- Opens the window of an output buffer.

local config = require("kernel_bridge.config")

local M = {}

---@param bufnr integer
---@return integer window
local function opened(bufnr)
  local options = config.get().output
  local function part(whole)
    return math.floor(options.size < 1 and whole * options.size or math.min(options.size, whole))
  end
  if options.open == "float" then
    local width = math.min(vim.o.columns - 4, math.max(80, math.floor(vim.o.columns * 0.8)))
    local height = math.floor(vim.o.lines * 0.7)
    return vim.api.nvim_open_win(bufnr, true, {
      relative = "editor",
      width = width,
      height = height,
      row = math.floor((vim.o.lines - height) / 2) - 1,
      col = math.floor((vim.o.columns - width) / 2),
      border = vim.o.winborder ~= "" and vim.o.winborder or "rounded",
    })
  elseif options.open == "tab" then
    vim.cmd.tabnew()
    vim.api.nvim_win_set_buf(0, bufnr)
    return vim.api.nvim_get_current_win()
  elseif options.open == "vsplit" then
    return vim.api.nvim_open_win(bufnr, true, { split = "right", win = -1, width = part(vim.o.columns) })
  end
  return vim.api.nvim_open_win(bufnr, true, { split = "below", win = -1, height = part(vim.o.lines) })
end

--- Opens an output buffer as set by the `output` options.
---@param bufnr integer
---@param foldexpr string
function M.open(bufnr, foldexpr)
  local window = opened(bufnr)
  local options = vim.wo[window][0]
  options.number, options.relativenumber, options.signcolumn = false, false, "no"
  options.wrap, options.list, options.spell = false, false, false
  options.fillchars = "eob: "
  options.foldmethod, options.foldlevel = "expr", 99
  options.foldexpr = foldexpr
end

return M
