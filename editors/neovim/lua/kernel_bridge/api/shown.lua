--- Lua API: the results that a buffer shows.

local client = require("kernel_bridge.client")
local displays = require("kernel_bridge.displays")
local here = require("kernel_bridge.here")
local plural = require("kernel_bridge.plural")
local restore = require("kernel_bridge.restore")
local session = require("kernel_bridge.session")
local sheets = require("kernel_bridge.sheets")
local submission = require("kernel_bridge.submission")

---@class kernel_bridge.Api
local M = {}

--- The place of the run at the cursor. Notifies the user if there is none.
---@param opts? kernel_bridge.At
---@return kernel_bridge.Place?
local function place_here(opts)
  local entry = here.entry(opts)
  local place = entry and sheets.place(entry.run.id)
  if entry and not (place and sheets.lines(place)) then
    client.notify("the code of this run is no longer in a buffer", vim.log.levels.WARN)
    return nil
  end
  return place
end

--- Collapses the result at the cursor to one line, or shows it again.
---@param opts? kernel_bridge.At
function M.toggle(opts)
  local place = place_here(opts)
  if not place then
    return
  elseif #place.entry.outputs == 0 then
    return client.notify("this result has no output to hide", vim.log.levels.WARN)
  end
  place.collapsed = not place.collapsed
  displays.draw(place)
end

--- Removes the result at the cursor from the buffer. It stays in the history.
---@param opts? kernel_bridge.At
function M.delete(opts)
  local place = place_here(opts)
  if place then
    restore.delete(place)
  end
end

--- Removes all results from the buffer. They stay in the history.
---@param opts? kernel_bridge.At
function M.clear(opts)
  vim.iter(sheets.of(here.buffer(opts))):each(restore.delete)
end

--- Shows the last results of the buffer again, also those of earlier sessions and those that were deleted.
---@param opts? kernel_bridge.At
function M.restore(opts)
  restore.restore(here.buffer(opts), nil, function(failed, count)
    if not failed then
      client.notify(plural(count, "result") .. " restored")
    end
  end)
end

---@class kernel_bridge.Jump
---@field count? integer default: 1

---@param places kernel_bridge.Place[] from the closest one on
---@param opts? kernel_bridge.Jump
local function jump(places, opts)
  local place = places[math.min(opts and opts.count or 1, #places)]
  if place then
    vim.cmd("normal! m'")
    vim.api.nvim_win_set_cursor(0, { place.last + 1, 0 })
    displays.reveal(place)
  end
end

---@return integer line of the cursor, 0-based
local function line_here()
  return vim.api.nvim_win_get_cursor(0)[1] - 1
end

--- Moves the cursor down to the next line with a result under it.
---@param opts? kernel_bridge.Jump
function M.next_result(opts)
  local below = vim.tbl_filter(function(place)
    return place.last > line_here()
  end, sheets.in_order(vim.api.nvim_get_current_buf()))
  jump(below, opts)
end

--- Moves the cursor up to the previous line with a result under it.
---@param opts? kernel_bridge.Jump
function M.prev_result(opts)
  local above = vim.tbl_filter(function(place)
    return place.last < line_here()
  end, sheets.in_order(vim.api.nvim_get_current_buf()))
  jump(vim.iter(above):rev():totable(), opts)
end

--- Runs the lines of a result again, as they are now. If only a part of them ran (columns), the same text runs, unless
--- they were edited.
---@param place kernel_bridge.Place
local function run_again(place)
  local run = place.entry.run
  local is_part = not place.stale and vim.text.indent(0, place.text) ~= run.source
  local bound, kernel = session.kernel_of(place.bufnr), session.kernels()[run.kernelId]
  local is_elsewhere = kernel and session.is_usable(kernel) and bound and bound.id ~= kernel.id
  submission.run({
    bufnr = place.bufnr,
    lines = { place.first + 1, place.last + 1 },
    code = is_part and run.source or nil,
    arguments = { kernelId = is_elsewhere and kernel.id or nil },
  })
end

--- Runs the code of the result at the cursor again.
---@param opts? kernel_bridge.At
function M.rerun(opts)
  local place = place_here(opts)
  if place then
    run_again(place)
  end
end

--- Runs the code of all results in the buffer again, from top to bottom.
---@param opts? kernel_bridge.At
function M.rerun_all(opts)
  local places = sheets.in_order(here.buffer(opts))
  if #places == 0 then
    return client.notify("this buffer has no results", vim.log.levels.WARN)
  end
  vim.iter(places):each(run_again)
end

return M
