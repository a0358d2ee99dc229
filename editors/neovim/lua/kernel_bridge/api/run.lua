--- Lua API: runs code.

local cells = require("kernel_bridge.cells")
local submission = require("kernel_bridge.submission")

---@class kernel_bridge.Api
local M = {}

M.run = submission.run

local function unit(name)
  return function(opts, answered)
    submission.run(vim.tbl_extend("force", opts or {}, { unit = name }), answered)
  end
end

--- Each runs the unit at the cursor. |kernel-bridge-units|
M.run_line = unit("line") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)
M.run_cell = unit("cell") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)
M.run_above = unit("above") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)
M.run_below = unit("below") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)
M.run_all = unit("all") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)

--- Runs the cell at the cursor and moves to the next one. Text cells are not run.
---@param opts? kernel_bridge.RunOpts
function M.run_and_advance(opts)
  M.run_cell(opts, function(failed)
    return failed ~= nil and (failed.data or {}).kind == "NothingToRun"
  end)
  cells.jump(1)
end

return M
