--- Run code on a Jupyter kernel and see its output inline. |kernel-bridge-api|
---
--- Only the options and an empty statusline are loaded at startup. |kernel_bridge.api| has the rest.

local config = require("kernel_bridge.config")

---@class kernel_bridge: kernel_bridge.Api
local M = {}

---@return kernel_bridge.Api
local function api()
  return require("kernel_bridge.api")
end

--- Sets options. Options that are not given keep their defaults.
---@param opts? kernel_bridge.Options
function M.setup(opts)
  config.set(opts)
end

--- Returns the buffer's kernel and its state for a statusline; empty without a kernel.
---@param bufnr? integer
---@return string
function M.statusline(bufnr)
  return package.loaded["kernel_bridge.session"] and api().statusline(bufnr) or ""
end

return setmetatable(M, {
  __index = function(_, name)
    return api()[name]
  end,
})
