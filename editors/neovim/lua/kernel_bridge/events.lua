--- Events inside the plugin. Modules that keep tables fire them; |kernel_bridge.handlers| subscribes the modules that
--- draw. Other plugins use |User| autocommands.

local M = {}

--- Creates the events of one module.
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
