--- The kernel of a buffer: started, restarted, or one that runs already.

local client = require("kernel_bridge.client")
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

--- Starts a kernel for a buffer: of a kernelspec, of an interpreter, or the best one.
---@param bufnr integer
---@param which {spec?: string, python?: string}
---@param answered kernel_bridge.Started true: no message
function M.start(bufnr, which, answered)
  local argument = { spec = which.spec, python = which.python, textDocument = client.document(bufnr) }
  client.command(bufnr, "startKernel", argument, function(failed, kernel)
    bound(bufnr, kernel)
    return answered(failed, kernel)
  end)
end

--- Gives the buffer's kernel a new process, also where it is dead. A dead one that no kernel-bridge started is replaced
--- by another of its kind.
---@param bufnr integer
---@param answered? kernel_bridge.Started true: no message
function M.restart(bufnr, answered)
  local before = session.kernel_of(bufnr)
  local was_dead = before ~= nil and before.state == "dead"
  local function done(failed, kernel)
    bound(bufnr, kernel)
    if kernel then
      client.notify(kernel.displayName .. (was_dead and " has been started again" or " has restarted"))
    end
    return answered and answered(failed, kernel)
  end
  client.command(bufnr, "restartKernel", { textDocument = client.document(bufnr) }, function(failed, kernel)
    if failed and was_dead and (failed.data or {}).kind == "NotOurs" then
      M.start(bufnr, { spec = before.name }, done)
      return true
    end
    return done(failed, kernel)
  end)
end

--- Makes a kernel that was listed the buffer's.
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

--- Follows a kernel that runs already, and makes it the buffer's.
---@param bufnr integer
---@param connection string its connection file, or its id
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
