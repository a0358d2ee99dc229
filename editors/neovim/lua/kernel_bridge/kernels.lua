--- The kernel of a buffer: starts, restarts or attaches to it.

local client = require("kernel_bridge.client")
local here = require("kernel_bridge.here")
local session = require("kernel_bridge.session")

local M = {}

---@alias kernel_bridge.Started fun(failed: lsp.ResponseError?, kernel: kernel_bridge.Kernel?): boolean?

---@param bufnr integer
---@param kernel kernel_bridge.Kernel?
local function bound(bufnr, kernel)
  local server = client.get(bufnr)
  if kernel and server and not session.kernels()[kernel.id] then
    session.kernel(kernel, server.id)
  end
  if kernel then
    session.bind(vim.uri_from_bufnr(bufnr), kernel.id)
  end
end

--- Starts a kernel for a buffer: from a kernelspec, an interpreter, or the best match for the file.
---@param bufnr integer
---@param which {spec?: string, python?: string}
---@param answered kernel_bridge.Started returns true to suppress the error message
function M.start(bufnr, which, answered)
  local argument = vim.tbl_extend("error", here.code(bufnr), { spec = which.spec, python = which.python })
  client.command(bufnr, "startKernel", argument, function(failed, kernel)
    bound(bufnr, kernel)
    return answered(failed, kernel)
  end)
end

--- Restarts the buffer's kernel, dead or alive. If it is dead and no kernel-bridge started it, starts a new kernel
--- from the same kernelspec.
---@param bufnr integer
---@param answered? kernel_bridge.Started returns true to suppress the error message
function M.restart(bufnr, answered)
  local before = session.kernel_of(bufnr)
  local was_dead = before ~= nil and before.state == "dead"
  local function done(failed, kernel)
    bound(bufnr, kernel)
    if kernel then
      client.notify(kernel.displayName .. " was restarted")
    end
    return answered and answered(failed, kernel)
  end
  client.command(bufnr, "restartKernel", here.code(bufnr), function(failed, kernel)
    if failed and was_dead and (failed.data or {}).kind == "NotOurs" then
      M.start(bufnr, { spec = before.name }, done)
      return true
    end
    return done(failed, kernel)
  end)
end

--- Binds the buffer to a kernel from the list of kernels.
---@param bufnr integer
---@param kernel kernel_bridge.Kernel
function M.join(bufnr, kernel)
  if kernel.origin == "found" then
    return M.attach(bufnr, kernel.id)
  end
  local argument = { textDocument = client.document(bufnr), kernelId = kernel.id }
  client.command(bufnr, "bindKernel", argument, function(failed)
    if not failed then
      bound(bufnr, kernel)
    end
  end)
end

--- Attaches the buffer to a running kernel.
---@param bufnr integer
---@param connection string its connection file or its ID
function M.attach(bufnr, connection)
  local known = session.kernels()[connection]
  if known and known.origin ~= "found" then
    return M.join(bufnr, known)
  end
  local argument = { textDocument = client.document(bufnr) }
  argument[connection:find("^%x+%-%x+%-%x+%-%x+%-%x+$") and "kernelId" or "connectionFile"] = connection
  client.command(bufnr, "attachKernel", argument, function(_, kernel)
    bound(bufnr, kernel)
  end)
end

return M
