--- The line to Neovim's terminal: writes whole control sequences, asks for the terminal's name, and knows the size of
--- its cells.

local events = require("kernel_bridge.events")

local M = {}

--- "name": the terminal has answered XTVERSION, or another plugin's question, or late.
local on, fire = events.new()
M.on = on

local ANSWER_MS = 1000
local FULL_MS = 5
local POLLOUT = 4
local TUI = 1 -- channel

local declared = false

--- libc's functions; nil where there are none.
local function libc()
  local found, ffi = pcall(require, "ffi")
  if not found or vim.fn.has("win32") == 1 then
    return nil
  end
  if not declared then
    declared = true
    ffi.cdef([[
      int ioctl(int, unsigned long, ...);
      char *ttyname(int);
      struct kernel_bridge_pollfd { int fd; short events; short revents; };
      int poll(struct kernel_bridge_pollfd *, unsigned long, int);
    ]])
  end
  return ffi.C, ffi
end

local descriptor ---@type integer|false|nil

--- Opens the terminal a second time, because Neovim's own descriptors do not block, and write only a part of a sequence
--- for which there is no room.
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
    return ui.stdout_tty and (vim.api.nvim_ui_send ~= nil or ui.chan == TUI)
  end)
end

--- Waits until the process that draws Neovim's screen has written what it was sent: it answers in order.
local function fence()
  pcall(vim.rpcrequest, TUI, "nvim_input", "")
end

--- Writes control sequences between those of Neovim's own drawing. Neovim 0.11 does not do that by itself, and when the
--- terminal is slow, a part of its drawing waits: another sequence in there would break both.
---@param sequence string
function M.write(sequence)
  if vim.api.nvim_ui_send then
    vim.api.nvim_ui_send(sequence)
  elseif opened() then
    fence()
    vim.uv.fs_write(opened() --[[@as integer]], sequence)
  else
    vim.api.nvim_chan_send(2, sequence) -- stderr, which is the terminal
  end
end

--- Whether the line to the terminal has room.
---@return boolean
local function has_room()
  local C, ffi = libc()
  local asked = ffi.new("struct kernel_bridge_pollfd[1]", { { opened(), POLLOUT, 0 } })
  return C.poll(asked, 1, 0) ~= 0
end

--- Calls back when M.write() would not wait for the terminal.
---@param callback fun()
function M.when_free(callback)
  if vim.api.nvim_ui_send or not opened() or has_room() then
    return callback()
  end
  vim.defer_fn(function()
    M.when_free(callback)
  end, FULL_MS)
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
---@param before? string control sequences to write before the question
function M.ask(callback, before)
  M.write((before or "") .. "\27[>q")
  waiting[#waiting + 1] = callback -- after the write: answers can arrive while it waits
  timer = timer or assert(vim.uv.new_timer())
  timer:start(
    ANSWER_MS,
    0,
    vim.schedule_wrap(function()
      answered(nil)
    end)
  )
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
