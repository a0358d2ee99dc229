--- The kernels for a buffer: those that can be started, and those that run.

local client = require("kernel_bridge.client")
local here = require("kernel_bridge.here")
local kernel_text = require("kernel_bridge.kernel_text")

local M = {}

local WAIT_MS = 2000 -- at most, for completion: the server may have to start, or to probe a kernel

---@class kernel_bridge.Catalog
---@field specs kernel_bridge.KernelSpec[] best first
---@field kernels kernel_bridge.Kernel[] that run
---@field package? kernel_bridge.KernelPackage brings a kernel for the buffer's language, which has none

---@param listed kernel_bridge.ListKernelsResult
---@return kernel_bridge.Kernel[]
local function running(listed)
  return vim.tbl_filter(function(kernel)
    return kernel.state ~= "dead"
  end, listed.kernels)
end

--- Asks the server for the kernels.
---@param bufnr integer
---@param answered fun(catalog: kernel_bridge.Catalog?) nil: the server failed, and the user was notified
function M.ask(bufnr, answered)
  client.command(bufnr, "listKernelSpecs", here.code(bufnr), function(failed, listed)
    if failed then
      return answered(nil)
    end
    client.command(bufnr, "listKernels", nil, function(unlisted, found)
      if unlisted then
        return answered(nil)
      end
      answered({ specs = listed.specs, kernels = running(found), package = listed.package })
    end)
  end)
end

--- The result of a command, for completion: waits for it, even while the server is starting, but not long.
---@param bufnr integer
---@param name string
---@param argument? table
---@return any result nil: it did not arrive, or the server cannot start without asking the user
local function wait(bufnr, name, argument)
  if not client.can_start(bufnr) then
    return nil
  end
  local done, result = false, nil
  client.command(bufnr, name, argument, function(_, answer)
    done, result = true, answer
    return true
  end)
  vim.wait(WAIT_MS, function()
    return done
  end, 10)
  return result
end

--- Names of usable kernelspecs, for completion, the best first.
---@param bufnr integer
---@return string[]
function M.spec_names(bufnr)
  local listed = wait(bufnr, "listKernelSpecs", here.code(bufnr)) or { specs = {} }
  local names = {}
  for _, spec in ipairs(listed.specs) do
    if spec.usable then
      names[#names + 1] = spec.name
    end
  end
  return names
end

--- Names of running kernels, for completion: IDs and, of this Neovim's, kernelspecs.
---@param bufnr integer
---@return string[]
function M.kernel_names(bufnr)
  local kernels = running(wait(bufnr, "listKernels") or { kernels = {} })
  local names = vim.tbl_map(kernel_text.id, kernels)
  for _, kernel in ipairs(kernels) do
    if kernel.origin ~= "found" then
      names[#names + 1] = kernel.name
    end
  end
  return names
end

--- Whether a kernel runs the language of the buffer that the catalog is for.
---@param catalog kernel_bridge.Catalog
---@param kernel kernel_bridge.Kernel
---@return boolean
function M.fits(catalog, kernel)
  return vim.iter(catalog.specs):any(function(spec)
    return spec.fits and spec.language == kernel.language
  end)
end

return M
