--- Lua API: information about kernels and the server.

local client = require("kernel_bridge.client")
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

--- Calls back with the kernels that run, also those of other programs.
---@param opts? kernel_bridge.At
---@param answered fun(failed: lsp.ResponseError?, kernels: kernel_bridge.Kernel[]?)
function M.kernels(opts, answered)
  client.command(here.buffer(opts), "listKernels", nil, function(failed, result)
    answered(failed, result and result.kernels)
  end)
end

--- Calls back with the kernelspecs, the best for the buffer first.
---@param opts? kernel_bridge.At
---@param answered fun(failed: lsp.ResponseError?, specs: kernel_bridge.KernelSpec[]?)
function M.specs(opts, answered)
  local bufnr = here.buffer(opts)
  local argument = { textDocument = client.document(bufnr) }
  client.command(bufnr, "listKernelSpecs", argument, function(failed, result)
    answered(failed, result and result.specs)
  end)
end

M.statusline = info.statusline

return M
