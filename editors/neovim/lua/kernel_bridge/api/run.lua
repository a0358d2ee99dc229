--- Lua API: runs code.

local cells = require("kernel_bridge.cells")
local client = require("kernel_bridge.client")
local defined = require("kernel_bridge.defined")
local here = require("kernel_bridge.here")
local output_buffer = require("kernel_bridge.output_buffer")
local session = require("kernel_bridge.session")
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

--- Runs code that is not in the buffer on its kernel, and opens the output. Asks for the code if there is none.
---@param opts? kernel_bridge.RunOpts with `code`, and with `kernel` to run it on another
function M.eval(opts)
  local bufnr = here.buffer(opts)
  local function run(code)
    if code and code ~= "" then
      local wanted =
        { bufnr = bufnr, code = code, kernel = opts and opts.kernel, arguments = here.code(bufnr) }
      submission.run(wanted, function(_, runs)
        local entry = runs and runs[1] and session.entry(runs[1].id)
        if entry then
          output_buffer.open(entry)
        end
      end)
    end
  end
  if opts and opts.code then
    return run(opts.code)
  end
  vim.ui.input({ prompt = "Code to run: " }, run)
end

--- Makes lines a cell, in place of what the server finds there.
---@param opts? {lines?: [integer, integer]} default: the current line
function M.define(opts)
  local bufnr, line = vim.api.nvim_get_current_buf(), vim.api.nvim_win_get_cursor(0)[1]
  local lines = opts and opts.lines or { line, line }
  defined.add(bufnr, lines[1], lines[2])
  local words = lines[1] == lines[2] and "line %d is a cell now" or "lines %d to %d are a cell now"
  client.notify(words:format(lines[1], lines[2]))
end

--- Undoes M.define() for the cells with these lines.
---@param opts? {lines?: [integer, integer]} default: the current line
function M.undefine(opts)
  local line = vim.api.nvim_win_get_cursor(0)[1]
  local lines = opts and opts.lines or { line, line }
  if not defined.remove(vim.api.nvim_get_current_buf(), lines[1], lines[2]) then
    client.notify("no cell was defined here", vim.log.levels.WARN)
  end
end

--- Moves the cursor to a cell.
---@param opts? {number?: integer} 1 for the first (default), at most the last
function M.cell(opts)
  if not cells.go(opts and opts.number or 1) then
    client.notify("this file has no cells", vim.log.levels.WARN)
  end
end

return M
