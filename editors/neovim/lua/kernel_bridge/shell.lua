--- A terminal for a command that the user runs.

local M = {}

--- Types a command in a new terminal. The user can change it, and runs it with Enter.
---@param command string
function M.type(command)
  vim.cmd("botright 12split")
  vim.cmd.terminal()
  vim.api.nvim_chan_send(vim.bo.channel, command)
  vim.cmd.startinsert()
end

return M
