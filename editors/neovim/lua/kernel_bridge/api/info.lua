--- Lua API: information about kernels and the server.

local here = require("kernel_bridge.here")
local info = require("kernel_bridge.info")

---@class kernel_bridge.Api
local M = {}

--- Shows the kernel and the server of the buffer in a floating window.
---@param opts? kernel_bridge.At
function M.info(opts)
  info.show(here.buffer(opts))
end

--- Opens the log of Neovim's language servers, which contains the server's messages.
function M.log()
  vim.cmd.tabnew(vim.fn.fnameescape(vim.lsp.get_log_path()))
  vim.bo.autoread = true
  vim.cmd("normal! G")
end

M.statusline = info.statusline

return M
