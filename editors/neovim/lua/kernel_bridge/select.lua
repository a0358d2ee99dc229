--- Lists of kernels for the user to choose from: to start, or to attach to.

local ansi = require("kernel_bridge.ansi")
local catalog = require("kernel_bridge.catalog")
local client = require("kernel_bridge.client")
local here = require("kernel_bridge.here")
local kernel_text = require("kernel_bridge.kernel_text")
local kernels = require("kernel_bridge.kernels")
local picker = require("kernel_bridge.picker")
local session = require("kernel_bridge.session")
local shell = require("kernel_bridge.shell")
local width = require("kernel_bridge.width")

local M = {}

local NAME_WIDTH = 28 -- columns, where more columns follow

---@param path string?
local function short(path)
  return path and vim.fn.fnamemodify(path, ":~:.") or ""
end

---@param bufnr integer
---@param spec kernel_bridge.KernelSpec
---@param after? fun()
---@return kernel_bridge.Choice
local function to_start(bufnr, spec, after)
  local where = spec.python or vim.startswith(spec.argv[1], "/") and spec.argv[1] or spec.resourceDir
  local name = spec.displayName:gsub(vim.pesc(vim.fs.normalize("~")) .. "/", "~/")
  if spec.python and name:find(short(vim.fs.dirname(vim.fs.dirname(spec.python))), 1, true) then
    where = nil -- the name contains it
  end
  local problem = (spec.problem or "cannot start"):match("^[^;\n]*")
  local function started(failed)
    if not failed and after then
      after()
    end
  end
  if spec.install then
    return {
      columns = { name, "install ipykernel and start", spec.install.command },
      take = function()
        kernels.install(bufnr, spec.install, function()
          kernels.start(bufnr, kernels.which(spec), started)
        end)
      end,
    }
  end
  return {
    columns = { name, spec.usable and "start" or "✗ " .. problem, short(where) },
    take = function()
      if not spec.usable then
        return client.notify(spec.problem or spec.displayName .. " cannot start", vim.log.levels.WARN)
      end
      kernels.start(bufnr, kernels.which(spec), started)
    end,
  }
end

---@param bufnr integer
---@param kernel kernel_bridge.Kernel
---@return kernel_bridge.Choice
local function to_join(bufnr, kernel)
  return {
    columns = {
      width.shortened(kernel.displayName, NAME_WIDTH),
      kernel.state .. kernel_text.queued(kernel),
      kernel_text.id(kernel),
      kernel_text.files(kernel),
      kernel_text.started(kernel),
      session.is_usable(kernel) and session.is_bound(bufnr, kernel.id) and "this buffer's"
        or kernel_text.owner(kernel),
    },
    take = function()
      kernels.join(bufnr, kernel)
    end,
  }
end

---@param package kernel_bridge.KernelPackage
---@return kernel_bridge.Choice
local function to_install(package)
  return {
    columns = { "install " .. package.name, package.command },
    take = function()
      shell.type(package.command)
    end,
  }
end

--- Adds the specs to the choices or, those that cannot run the buffer's code, to the rest.
---@param bufnr integer
---@param specs kernel_bridge.KernelSpec[]
---@param choices kernel_bridge.Choice[]
---@param rest kernel_bridge.Choice[]
---@param after? fun()
local function add_specs(bufnr, specs, choices, rest, after)
  for _, spec in ipairs(specs) do
    table.insert(spec.usable and spec.fits ~= false and choices or rest, to_start(bufnr, spec, after))
  end
end

--- Adds the running kernels likewise.
---@param bufnr integer
---@param listed kernel_bridge.Catalog
---@param choices kernel_bridge.Choice[]
---@param rest kernel_bridge.Choice[]
local function add_running(bufnr, listed, choices, rest)
  for _, kernel in ipairs(listed.kernels) do
    local is_usable = kernel.state ~= "unreachable" and catalog.fits(listed, kernel)
    table.insert(is_usable and choices or rest, to_join(bufnr, kernel))
  end
end

---@param required kernel_bridge.Required
local function asking(required)
  if required.install then
    local environment = vim.fs.dirname(vim.fs.dirname(required.install.python))
    return ("%s has no ipykernel:"):format(short(environment))
  end
  return required.package and "No kernel for this language is installed:" or "Start a kernel:"
end

---@class kernel_bridge.Required
---@field specs kernel_bridge.KernelSpec[]
---@field package? kernel_bridge.KernelPackage
---@field install? kernel_bridge.KernelInstall

--- Offers kernels to start and, for an environment without ipykernel, to install it there.
---@param bufnr integer
---@param required kernel_bridge.Required
---@param after? fun() called when the kernel has started
function M.offer(bufnr, required, after)
  local choices, rest = {}, {}
  if required.package then
    choices[1] = to_install(required.package)
  end
  local python = (required.install or {}).python
  local specs = vim.tbl_filter(function(spec)
    local is_asked = python ~= nil and (spec.install or {}).python == python
    if is_asked then
      choices[#choices + 1] = to_start(bufnr, spec, after)
    end
    return not is_asked
  end, required.specs)
  add_specs(bufnr, specs, choices, rest, after)
  picker.pick(asking(required), choices, rest)
end

--- Asks the user whether to restart a dead kernel.
---@param bufnr integer
---@param kernel_id? string default: the buffer's kernel
---@param after fun() called when the kernel has restarted
function M.revive(bufnr, kernel_id, after)
  local dead = kernel_id and session.kernels()[kernel_id] or session.kernel_of(bufnr)
  local name = dead and dead.displayName or "the kernel"
  local reason = dead and dead.reason and " (" .. dead.reason:match("[^\n]*") .. ")" or ""
  local again = "Restart and run"
  vim.ui.select(
    { again, "Cancel" },
    { prompt = ansi.legible(("%s is dead%s:"):format(name, reason)) },
    function(choice)
      if choice == again then
        kernels.restart(bufnr, kernel_id and { kernelId = kernel_id } or here.code(bufnr), function(failed)
          if not failed then
            after()
          end
        end)
      end
    end
  )
end

--- Lets the user choose a kernel to start or attach to.
---@param bufnr integer
function M.choose(bufnr)
  catalog.ask(bufnr, function(listed)
    if not listed then
      return
    end
    local choices, rest = {}, {}
    if listed.package then
      choices[1] = to_install(listed.package)
    end
    add_specs(bufnr, listed.specs, choices, rest)
    add_running(bufnr, listed, choices, rest)
    local name = vim.fs.basename(vim.api.nvim_buf_get_name(bufnr))
    picker.pick(("Kernel for %s:"):format(name), choices, rest)
  end)
end

--- Lets the user choose a running kernel to attach to.
---@param bufnr integer
function M.attach(bufnr)
  catalog.ask(bufnr, function(listed)
    if not listed then
      return
    elseif #listed.kernels == 0 then
      return client.notify("no kernel to attach to; start one with :KernelBridge start", vim.log.levels.WARN)
    end
    local choices, rest = {}, {}
    add_running(bufnr, listed, choices, rest)
    picker.pick("Attach to a kernel:", choices, rest)
  end)
end

return M
