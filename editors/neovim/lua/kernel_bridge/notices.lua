--- Messages to the user. Those of the built-in |vim.notify()| are one line that fits the screen: a longer one would ask
--- for a key. |:messages| has the whole.

local ansi = require("kernel_bridge.ansi")
local width = require("kernel_bridge.width")

local M = {}

local PREFIX = "kernel-bridge: "
local MORE = " … :messages"

local GROUPS = { [vim.log.levels.WARN] = "WarningMsg", [vim.log.levels.ERROR] = "ErrorMsg" }

--- Whether messages go to the command line. Plugins that replace |vim.notify()| show long ones in windows.
---@return boolean
local function on_command_line()
  return vim.startswith(debug.getinfo(vim.notify, "S").source, "@vim/")
end

--- Adds a message to the history. It is drawn too, but does not wait for a key.
---@param text string
local function record(text)
  local messagesopt, more = vim.o.messagesopt, vim.o.more
  vim.o.messagesopt, vim.o.more = messagesopt:gsub("hit%-enter", "wait:0"), false
  vim.api.nvim_echo({ { text } }, true, {})
  vim.o.messagesopt, vim.o.more = messagesopt, more
  vim.cmd.redraw()
end

--- The first line of a message, shortened to fit the command line. A narrow one has no room for the prefix.
---@param text string
---@return string
local function in_one_line(text)
  local first = text:match("[^\n]*")
  local room = vim.v.echospace - #MORE + 2 -- "…" has three bytes
  if room < 4 * #PREFIX then
    first = first:sub(#PREFIX + 1)
  end
  return width.shortened(first, room):gsub("…$", "") .. MORE
end

---@param message string
---@param level? integer default: INFO
function M.show(message, level)
  local lines = vim.tbl_map(ansi.legible, vim.split(message, "\n", { plain = true }))
  local text = PREFIX .. table.concat(lines, "\n")
  if not on_command_line() or (#lines == 1 and vim.api.nvim_strwidth(text) <= vim.v.echospace) then
    return vim.notify(text, level or vim.log.levels.INFO)
  end
  record(text)
  vim.api.nvim_echo({ { in_one_line(text), GROUPS[level] } }, false, {})
end

return M
