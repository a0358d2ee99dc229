--- Events inside the plugin: a module that keeps tables fires them, |kernel_bridge.handlers| subscribes what draws.
--- Other plugins have |User| autocommands instead.

local M = {}

--- Events of one module.
---@return fun(event: string, listener: fun(...)) on
---@return fun(event: string, ...) fire calls the listeners in the order in which they subscribed
function M.new()
  local listeners = {} ---@type table<string, fun(...)[]>
  local function on(event, listener)
    listeners[event] = listeners[event] or {}
    table.insert(listeners[event], listener)
  end
  local function fire(event, ...)
    for _, listener in ipairs(listeners[event] or {}) do
      listener(...)
    end
  end
  return on, fire
end

return M
