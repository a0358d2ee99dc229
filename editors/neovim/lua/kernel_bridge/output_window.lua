--- Opens the window of an output buffer.

local config = require("kernel_bridge.config")

local M = {}

---@param whole integer lines or columns
---@return integer
local function part(whole)
  local size = config.get().output.size
  return math.floor(size < 1 and whole * size or math.min(size, whole))
end

---@param bufnr integer
---@param enter boolean
---@return integer window
local function split(bufnr, enter)
  if config.get().output.open == "vsplit" then
    return vim.api.nvim_open_win(bufnr, enter, { split = "right", win = -1, width = part(vim.o.columns) })
  end
  return vim.api.nvim_open_win(bufnr, enter, { split = "below", win = -1, height = part(vim.o.lines) })
end

---@param bufnr integer
---@return integer window
local function opened(bufnr)
  local open = config.get().output.open
  if open == "float" then
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
  elseif open == "tab" then
    vim.cmd.tabnew()
    vim.api.nvim_win_set_buf(0, bufnr)
    return vim.api.nvim_get_current_win()
  end
  return split(bufnr, true)
end

---@param window integer
---@param foldexpr string
local function configure(window, foldexpr)
  local options = vim.wo[window][0]
  options.number, options.relativenumber, options.signcolumn = false, false, "no"
  options.wrap, options.list, options.spell = false, false, false
  options.fillchars = "eob: "
  options.foldmethod, options.foldlevel = "expr", 99
  options.foldexpr = foldexpr
end

--- Opens an output buffer as set by the `output` options.
---@param bufnr integer
---@param foldexpr string
function M.open(bufnr, foldexpr)
  configure(opened(bufnr), foldexpr)
end

--- Shows an output buffer in a window that has another one, or in a split. The cursor stays where it is.
---@param bufnr integer
---@param foldexpr string
---@param window? integer
function M.open_beside(bufnr, foldexpr, window)
  if window then
    vim.api.nvim_win_set_buf(window, bufnr)
  end
  configure(window or split(bufnr, false), foldexpr)
end

return M
