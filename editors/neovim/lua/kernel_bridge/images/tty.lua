--- The line to Neovim's terminal: writes whole control sequences, asks for the terminal's name, and knows the size of
--- its cells.

local events = require("kernel_bridge.events")

local M = {}

--- "name": the terminal has answered XTVERSION, or another plugin's question, or late.
local on, fire = events.new()
M.on = on

local ANSWER_MS = 1000

local declared = false

--- libc's functions; nil where there are none.
local function libc()
  local found, ffi = pcall(require, "ffi")
  if not found or vim.fn.has("win32") == 1 then
    return nil
  end
  if not declared then
    declared = true
    ffi.cdef("int ioctl(int, unsigned long, ...); char *ttyname(int);")
  end
  return ffi.C, ffi
end

local descriptor ---@type integer|false|nil

--- Opens the terminal a second time. Neovim's own descriptors do not block: while the terminal falls behind, only the
--- first part of a sequence would be written, and Neovim's drawing would follow in the middle of it.
---@return integer|false
local function opened()
  if descriptor == nil then
    local C, ffi = libc()
    local name = C and C.ttyname(2)
    local flags = vim.uv.constants
    descriptor = name ~= nil and vim.uv.fs_open(ffi.string(name), flags.O_WRONLY + flags.O_NOCTTY, 0) or false
  end
  return descriptor
end

--- Whether Neovim has a terminal. Neovim 0.11 cannot write to the terminal of a remote UI.
---@return boolean
function M.is_attached()
  return vim.iter(vim.api.nvim_list_uis()):any(function(ui)
    return ui.stdout_tty and (vim.api.nvim_ui_send ~= nil or ui.chan == 1)
  end)
end

--- Writes control sequences in one piece, without blocking.
---@param sequence string
---@param written? fun()
function M.write(sequence, written)
  written = written or function() end
  if vim.api.nvim_ui_send then
    vim.api.nvim_ui_send(sequence)
  elseif opened() then
    vim.uv.fs_write(opened() --[[@as integer]], sequence, -1, vim.schedule_wrap(written))
    return
  else
    vim.api.nvim_chan_send(2, sequence) -- stderr, which is the terminal
  end
  vim.schedule(written)
end

--- Writes control sequences before Neovim exits.
---@param sequence string
function M.write_last(sequence)
  if vim.api.nvim_ui_send or not opened() then
    return M.write(sequence)
  end
  vim.uv.fs_write(opened() --[[@as integer]], sequence)
end

local waiting = {} ---@type fun(name: string?)[]
local timer ---@type uv.uv_timer_t?

---@param name? string
local function answered(name)
  if timer then
    timer:stop()
  end
  local callbacks = waiting
  waiting = {}
  for _, callback in ipairs(callbacks) do
    callback(name)
  end
end

--- Asks the terminal for its name (XTVERSION). The answer also shows that it has read everything before the question.
---@param callback fun(name: string?) nil if it has not answered in time
function M.ask(callback)
  waiting[#waiting + 1] = callback
  timer = timer or assert(vim.uv.new_timer())
  M.write("\27[>q", function()
    timer:start(
      ANSWER_MS,
      0,
      vim.schedule_wrap(function()
        answered(nil)
      end)
    )
  end)
end

local cell ---@type {width: number, height: number}?

--- The size of a cell in pixels; 8x16 if the terminal does not report it.
---@return {width: number, height: number}
function M.cell()
  if cell then
    return cell
  end
  cell = { width = 8, height = 16 }
  local C, ffi = libc()
  if C then
    local size = ffi.new("unsigned short[4]") -- rows, columns, width, height (termios.h, struct winsize)
    local request = vim.fn.has("linux") == 1 and 0x5413 or 0x40087468
    if C.ioctl(2, request, size) == 0 and size[2] > 0 and size[3] > 0 then
      cell = { width = size[2] / size[1], height = size[3] / size[0] }
    end
  end
  return cell
end

local group = vim.api.nvim_create_augroup("kernel_bridge_tty", { clear = true })

vim.api.nvim_create_autocmd("TermResponse", {
  group = group,
  callback = function(event)
    local name = event.data.sequence:match("^\27P>|([^\27]*)")
    if name then
      answered(name)
      fire("name", name)
    end
  end,
})

vim.api.nvim_create_autocmd({ "VimResized", "UIEnter", "VimResume" }, {
  group = group,
  callback = function()
    cell = nil
  end,
})

return M
