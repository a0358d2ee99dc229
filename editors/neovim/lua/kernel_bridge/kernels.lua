--- Starts kernels, restarts them, attaches buffers to them, and finds them by name.

local catalog = require("kernel_bridge.catalog")
local client = require("kernel_bridge.client")
local here = require("kernel_bridge.here")
local kernel_text = require("kernel_bridge.kernel_text")
local session = require("kernel_bridge.session")

local M = {}

---@alias kernel_bridge.Started fun(failed: lsp.ResponseError?, kernel: kernel_bridge.Kernel?): boolean?

--- What names a kernelspec to the server: environments have no name that is theirs alone.
---@param spec kernel_bridge.KernelSpec
---@return {spec?: string, python?: string}
function M.which(spec)
  local python = spec.source == "environment" and spec.python or nil
  return python and { python = python } or { spec = spec.name }
end

--- Starts a kernel for a buffer: from a kernelspec, an interpreter, or the best match for the file.
---@param bufnr integer
---@param which {spec?: string, python?: string}
---@param answered kernel_bridge.Started returns true to suppress the error message
function M.start(bufnr, which, answered)
  local argument = vim.tbl_extend("error", here.code(bufnr), { spec = which.spec, python = which.python })
  client.command(bufnr, "startKernel", argument, answered)
end

--- Installs ipykernel into an environment.
---@param bufnr integer
---@param install kernel_bridge.KernelInstall
---@param installed fun() called when the environment can be used
function M.install(bufnr, install, installed)
  client.notify("installing ipykernel: " .. install.command)
  client.command(bufnr, "installKernel", { python = install.python }, function(failed)
    if not failed then
      client.notify("ipykernel was installed for " .. install.python)
      installed()
    end
  end)
end

--- Restarts a kernel, dead or alive. If it is dead and no kernel-bridge started it, starts a new kernel from the same
--- kernelspec.
---@param bufnr integer
---@param argument kernel_bridge.KernelRef
---@param answered? kernel_bridge.Started returns true to suppress the error message
function M.restart(bufnr, argument, answered)
  local before = argument.kernelId and session.kernels()[argument.kernelId] or session.kernel_of(bufnr)
  local was_dead = before ~= nil and before.state == "dead"
  local function done(failed, kernel)
    if kernel then
      client.notify(kernel.displayName .. " was restarted")
    end
    return answered and answered(failed, kernel)
  end
  client.command(bufnr, "restartKernel", argument, function(failed, kernel)
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
  local name = kernel.origin == "found" and "attachKernel" or "bindKernel"
  client.command(bufnr, name, { textDocument = client.document(bufnr), kernelId = kernel.id })
end

--- Attaches the buffer to a running kernel.
---@param bufnr integer
---@param name string its connection file, its ID or the start of it, or its name
function M.attach(bufnr, name)
  if name:find("[/\\]") or vim.endswith(name, ".json") then
    local argument = { textDocument = client.document(bufnr), connectionFile = name }
    return client.command(bufnr, "attachKernel", argument)
  end
  M.find(bufnr, name, function(kernel)
    if kernel then
      M.join(bufnr, kernel)
    end
  end)
end

--- Running kernels with that name: with the ID, with an ID that starts like that, or else those of this Neovim with
--- that kernelspec or display name, if possible the buffer's.
---@param bufnr integer
---@param listed kernel_bridge.Catalog
---@param name string
---@return kernel_bridge.Kernel[]
local function named(bufnr, listed, name)
  local by_id, by_name = {}, {}
  for _, kernel in ipairs(listed.kernels) do
    if vim.startswith(kernel.id, name) then
      by_id[#by_id + 1] = kernel
    elseif kernel.origin ~= "found" and (kernel.name == name or kernel.displayName == name) then
      if session.is_bound(bufnr, kernel.id) then
        return { kernel }
      end
      by_name[#by_name + 1] = kernel
    end
  end
  return #by_id > 0 and by_id or by_name
end

--- One line about each kernel.
---@param list kernel_bridge.Kernel[]
---@return string
local function lines(list)
  return table.concat(vim.tbl_map(function(kernel)
    return ("\n    %s  %s"):format(kernel_text.id(kernel), kernel.displayName)
  end, list))
end

--- Finds the running kernel that a name means.
---@param bufnr integer
---@param name string its ID or the start of it, or its name
---@param found fun(kernel: kernel_bridge.Kernel?) nil: none or several match, and the user was notified
---@param missing? fun(listed: kernel_bridge.Catalog): boolean? returns true if it deals with a name that no kernel has
function M.find(bufnr, name, found, missing)
  catalog.ask(bufnr, function(listed)
    local matches = listed and named(bufnr, listed, name) or {}
    if #matches == 1 then
      return found(matches[1])
    elseif #matches > 1 then
      local message = ("%d kernels match %q; use the ID of one:%s"):format(#matches, name, lines(matches))
      client.notify(message, vim.log.levels.ERROR)
    elseif listed then
      if missing and missing(listed) then
        return
      end
      local others = #listed.kernels > 0 and "; these run:" .. lines(listed.kernels)
        or ", and none is running"
      client.notify(("no running kernel matches %q%s"):format(name, others), vim.log.levels.ERROR)
    end
    found(nil)
  end)
end

--- Finds the kernel that a name means, for runs beside the buffer's own kernel: attaches to it, or starts it if only a
--- kernelspec has the name. The buffer keeps its kernel.
---@param bufnr integer
---@param name string
---@param ready fun(kernel: kernel_bridge.Kernel?) nil: there is none, and the user was notified
function M.summon(bufnr, name, ready)
  local function answered(_, kernel)
    ready(kernel)
  end
  M.find(bufnr, name, function(kernel)
    if kernel and kernel.origin == "found" then
      return client.command(bufnr, "attachKernel", { kernelId = kernel.id }, answered)
    end
    ready(kernel)
  end, function(listed)
    for _, spec in ipairs(listed.specs) do
      if spec.usable and (spec.name == name or spec.displayName == name) then
        local folder = vim.fs.dirname(vim.api.nvim_buf_get_name(bufnr))
        local cwd = vim.fn.isdirectory(folder) == 1 and folder or nil
        client.command(bufnr, "startKernel", vim.tbl_extend("error", M.which(spec), { cwd = cwd }), answered)
        return true
      end
    end
  end)
end

return M
