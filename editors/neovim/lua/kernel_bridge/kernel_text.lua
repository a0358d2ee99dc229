--- A kernel in words, for lists, completion, the statusline and |:KernelBridge| info.

local ansi = require("kernel_bridge.ansi")
local times = require("kernel_bridge.times")

local M = {}

local ID_LENGTH = 8 -- characters of a UUID that tell kernels apart

---@param kernel kernel_bridge.Kernel
---@return string
function M.id(kernel)
  return #kernel.id == 36 and kernel.id:sub(1, ID_LENGTH) or kernel.id
end

---@param kernel kernel_bridge.Kernel
---@return string queued the number of its queued runs: " +2", or ""
function M.queued(kernel)
  return kernel.queued > 0 and (" +%d"):format(kernel.queued) or ""
end

---@param kernel kernel_bridge.Kernel
---@return string state "detached" for a kernel that the server has left
function M.state(kernel)
  return kernel.origin == "found" and "detached" or kernel.state
end

--- The names of the files that use a kernel: "a.py, b.py", "a.py, 3 more".
---@param kernel kernel_bridge.Kernel
---@return string
function M.files(kernel)
  local names = vim.tbl_map(function(uri)
    return vim.fs.basename(vim.uri_to_fname(uri))
  end, kernel.documents or {})
  if #names > 2 then
    names = { names[1], ("%d more"):format(#names - 1) }
  end
  return table.concat(names, ", ")
end

---@param kernel kernel_bridge.Kernel
---@return string
function M.started(kernel)
  return kernel.startedAt and "started " .. times.when(kernel.startedAt) or ""
end

--- Whose a kernel is, and whether it is kept: it stays when its program ends. Of a recorded one, no output is lost.
---@param kernel kernel_bridge.Kernel
---@return string
function M.owner(kernel)
  if kernel.recorded then
    return "recorded"
  end
  local owner = kernel.owner
  if not owner then
    return kernel.pid and "kept" or "Jupyter's"
  end
  local name = owner.pid == vim.fn.getpid() and "this Neovim's" or owner.name .. "'s"
  return ansi.legible(name) .. (kernel.keepAlive and ", kept" or "")
end

return M
