--- Lua API: the kernel of a buffer.

local client = require("kernel_bridge.client")
local here = require("kernel_bridge.here")
local kernels = require("kernel_bridge.kernels")
local choices = require("kernel_bridge.select")
local session = require("kernel_bridge.session")
local submission = require("kernel_bridge.submission")

---@class kernel_bridge.Api
local M = {}

---@class kernel_bridge.Start: kernel_bridge.At
---@field spec? string name of a kernelspec; default: the best match for the buffer
---@field python? string path of an interpreter

--- Starts a kernel for the buffer.
---@param opts? kernel_bridge.Start
---@param answered? fun(failed: lsp.ResponseError?, kernel: kernel_bridge.Kernel?)
function M.start(opts, answered)
  opts = opts or {}
  local bufnr = here.buffer(opts)
  kernels.start(bufnr, opts, function(failed, kernel)
    if answered then
      answered(failed, kernel)
    end
    if failed and (failed.data or {}).kind == "KernelRequired" then
      choices.offer(bufnr, failed.data)
      return true
    end
  end)
end

---@class kernel_bridge.Attach: kernel_bridge.At
---@field connection? string a connection file, or a kernel's ID, the start of it, or name; default: the user chooses

--- Attaches the buffer to a running kernel.
---@param opts? kernel_bridge.Attach
function M.attach(opts)
  opts = opts or {}
  if opts.connection then
    return kernels.attach(here.buffer(opts), opts.connection)
  end
  choices.attach(here.buffer(opts))
end

--- Lets the user start a kernel for the buffer or attach it to a running one.
---@param opts? kernel_bridge.At
function M.select(opts)
  choices.choose(here.buffer(opts))
end

---@class kernel_bridge.OfKernel: kernel_bridge.At
---@field kernel? string its ID, the start of it, or its name; default: that of the run at the cursor, or the buffer's

--- Calls `ready` with the kernel that a command acts on.
---@param opts? kernel_bridge.OfKernel
---@param ready fun(bufnr: integer, argument: kernel_bridge.KernelRef)
local function with_kernel(opts, ready)
  local bufnr = here.buffer(opts)
  if not (opts and opts.kernel) then
    return ready(bufnr, here.kernel(opts))
  end
  kernels.find(bufnr, opts.kernel, function(kernel)
    if kernel then
      ready(bufnr, { kernelId = kernel.id })
    end
  end)
end

---@param command string a command that takes a KernelRef
---@param describe fun(result: table, name: string): string?, integer? the message about a result, and its level
local function of_kernel(command, describe)
  return function(opts, answered)
    with_kernel(opts, function(bufnr, argument)
      if command == "interruptKernel" then
        argument.position = nil -- the busy one
      end
      local other = session.kernels()[argument.kernelId]
      client.command(bufnr, command, argument, function(failed, result)
        local message, level
        if result then
          message, level = describe(result, other and other.displayName or "the kernel")
        end
        if message then
          client.notify(message, level)
        end
        return answered and answered(failed, result)
      end)
    end)
  end
end

--- Interrupts a kernel and clears its queue.
M.interrupt = of_kernel("interruptKernel", function(result, name)
  if result.outcome == "ignored" then
    return name .. " ignored the interrupt; to stop it and discard its variables, use :KernelBridge restart",
      vim.log.levels.WARN
  elseif result.outcome == "died" then
    return ("the interrupt killed %s; start it again with :KernelBridge restart"):format(name),
      vim.log.levels.ERROR
  end
end) ---@type fun(opts?: kernel_bridge.OfKernel, answered?: function)

--- Restarts a kernel, dead or alive.
---@param opts? kernel_bridge.OfKernel
---@param answered? fun(failed: lsp.ResponseError?, kernel: kernel_bridge.Kernel?)
function M.restart(opts, answered)
  with_kernel(opts, function(bufnr, argument)
    kernels.restart(bufnr, argument, answered)
  end)
end

--- Shuts down a kernel.
M.shutdown = of_kernel("shutdownKernel", function(_, name)
  return name .. " was shut down"
end) ---@type fun(opts?: kernel_bridge.OfKernel, answered?: function)

--- Stops following a kernel and leaves it running.
M.detach = of_kernel("detachKernel", function(_, name)
  return name .. " was detached and keeps running"
end) ---@type fun(opts?: kernel_bridge.OfKernel, answered?: function)

--- Restarts the buffer's kernel and runs all cells.
---@param opts? kernel_bridge.At
function M.restart_and_run(opts)
  local bufnr = here.buffer(opts)
  kernels.restart(bufnr, here.code(bufnr), function(failed)
    if not failed then
      submission.run({ bufnr = bufnr, unit = "all" })
    end
  end)
end

--- Returns the kernel of a buffer.
---@param bufnr? integer
---@return kernel_bridge.Kernel?
function M.kernel(bufnr)
  return session.kernel_of(here.resolve(bufnr))
end

return M
