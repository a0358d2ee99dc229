--- Run code on a Jupyter kernel and see its results beside the code. |kernel-bridge-api|
---
--- This much is loaded at start-up: the options, and an empty statusline. |kernel_bridge.api| has the rest.

local config = require("kernel_bridge.config")

---@class kernel_bridge: kernel_bridge.Api
local M = {}

---@return kernel_bridge.Api
local function api()
  return require("kernel_bridge.api")
end

---@param opts? kernel_bridge.Options some of them
function M.setup(opts)
  config.set(opts)
end

--- The kernel of the buffer in a few words, for a statusline; empty when it has none.
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
