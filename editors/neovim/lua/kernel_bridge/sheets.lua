--- The lines of runs in buffers: marks that follow the text through edits, and whether that text is still the code
--- that ran. |kernel_bridge.displays| draws the results there.

local events = require("kernel_bridge.events")

local M = {}

--- The lines of a buffer that a run belongs to.
---@class kernel_bridge.Place
---@field entry kernel_bridge.RunEntry
---@field bufnr integer
---@field range_mark? integer extmark over its lines
---@field first integer 0-based line, as of the last edit
---@field last integer inclusive
---@field snapshot? string the source that ran; nil if it was edited before the server reported the run
---@field stale boolean the source has changed since the run
---@field removed boolean all its lines were deleted
---@field looking? boolean a staleness check is scheduled
---@field swept? boolean its lines were rewritten together with others

--- The places in one buffer, and the edits that pending responses may not include.
---@class kernel_bridge.Sheet
---@field places table<string, kernel_bridge.Place> by run id
---@field edits {tick: integer, first: integer, last: integer, new_last: integer}[]
---@field asking integer pending requests whose responses contain the lines of runs
---@field watched boolean on_lines is attached
---@field inserted? boolean lines were inserted in this turn of the event loop

--- Events: "placed" (place): a new place, or one restored by a reload or an undo; "changed" (place): `stale` or
--- `removed` was recomputed; "left" (place, successor?): the place was cleared, or replaced by a run on the same lines.
local on, fire = events.new()
M.on = on

local namespace = vim.api.nvim_create_namespace("kernel_bridge_places")
local sheets = {} ---@type table<integer, kernel_bridge.Sheet>
local places = {} ---@type table<string, kernel_bridge.Place> by run id

---@param bufnr integer
---@param first integer 0-based
---@param last integer inclusive
---@return string
local function source_of(bufnr, first, last)
  return table.concat(vim.api.nvim_buf_get_lines(bufnr, first, last + 1, false), "\n")
end

--- Finds a source in a buffer, as close to a line as possible.
---@param bufnr integer
---@param source string
---@param near integer 0-based
---@return integer? first
---@return integer? last inclusive
local function find(bufnr, source, near)
  local wanted = vim.split(source, "\n", { plain = true })
  local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
  local best
  for row = 0, #lines - #wanted do
    if lines[row + 1] == wanted[1] and (not best or math.abs(row - near) < math.abs(best - near)) then
      local same = true
      for index = 2, #wanted do
        same = same and lines[row + index] == wanted[index]
      end
      best = same and row or best
    end
  end
  return best, best and best + #wanted - 1
end

--- The current lines of a run; nil if the buffer has none.
---@param place kernel_bridge.Place
---@return integer? first 0-based
---@return integer? last inclusive
function M.lines(place)
  if not vim.api.nvim_buf_is_loaded(place.bufnr) then
    return nil
  end
  local mark =
    vim.api.nvim_buf_get_extmark_by_id(place.bufnr, namespace, place.range_mark, { details = true })
  local first, details = mark[1], mark[3]
  if not first then
    return nil
  end
  local last = details.end_row
  if last > first and details.end_col == 0 then
    last = last - 1 -- its last line was deleted
  end
  return first, math.min(last, vim.api.nvim_buf_line_count(place.bufnr) - 1)
end

--- Moves a run's mark to other lines.
---@param place kernel_bridge.Place
---@param first integer
---@param last integer inclusive
function M.set_lines(place, first, last)
  local count = vim.api.nvim_buf_line_count(place.bufnr)
  last = math.min(last, count - 1)
  first = math.min(first, last)
  local length = #vim.api.nvim_buf_get_lines(place.bufnr, last, last + 1, false)[1]
  place.range_mark = vim.api.nvim_buf_set_extmark(place.bufnr, namespace, first, 0, {
    id = place.range_mark,
    end_row = last,
    end_col = length,
  })
  place.first, place.last = first, last
end

--- Recomputes whether a run is stale, and the lines of its source.
---@param place kernel_bridge.Place
---@param is_back? boolean its buffer was reloaded
local function look_again(place, is_back)
  local first, last = M.lines(place)
  if not first then
    return
  end
  local same = source_of(place.bufnr, first, last) == place.snapshot
  if not same and place.swept and place.snapshot then
    local found, found_last = find(place.bufnr, place.snapshot, place.first)
    same = found ~= nil
    M.set_lines(place, found or place.first, found_last or place.last)
  end
  is_back = is_back or (same and place.removed)
  place.swept = false
  place.stale = not same
  place.removed = not same and place.removed
  place.first, place.last = M.lines(place)
  fire(is_back and "placed" or "changed", place)
end

---@param place kernel_bridge.Place
local function look_soon(place)
  if not place.looking then
    place.looking = true
    vim.schedule(function()
      place.looking = false
      look_again(place)
    end)
  end
end

--- Removes a run from its buffer.
---@param place kernel_bridge.Place
---@param successor? kernel_bridge.Place the place that replaces it
local function leave(place, successor)
  sheets[place.bufnr].places[place.entry.run.id] = nil
  places[place.entry.run.id] = nil
  if vim.api.nvim_buf_is_loaded(place.bufnr) then
    vim.api.nvim_buf_del_extmark(place.bufnr, namespace, place.range_mark)
  end
  fire("left", place, successor)
end

--- Applies an edit to the places in a buffer. Neovim has already moved their marks.
---@param bufnr integer
---@param first integer 0-based
---@param last integer exclusive, before
---@param new_last integer exclusive, after
local function edited(bufnr, first, last, new_last)
  local sheet = sheets[bufnr]
  local shift = new_last - last
  for _, place in pairs(sheet.places) do
    if place.removed then
      look_soon(place)
    elseif place.first >= last then
      place.first, place.last = place.first + shift, place.last + shift
    elseif place.last >= first then
      local whole = first <= place.first and place.last < last
      -- A formatter or a filter rewrites these lines together with others, which makes their marks useless. A filter
      -- inserts its lines before Neovim deletes the old ones.
      local rewritten = new_last > first or sheet.inserted
      place.swept = place.swept or (whole and rewritten and last - first > place.last - place.first + 1)
      place.removed = whole and not rewritten
      if not place.swept then
        place.last = math.max(place.first, place.last + shift)
      end
      look_soon(place)
    end
  end
  if first == last and not sheet.inserted then
    sheet.inserted = true
    vim.schedule(function()
      sheet.inserted = false
    end)
  end
  if sheet.asking > 0 then
    local tick = vim.api.nvim_buf_get_changedtick(bufnr)
    table.insert(sheet.edits, { tick = tick, first = first, last = last, new_last = new_last })
  end
end

local watch

--- Restores the places in a buffer that was reloaded, on the lines that have their source now.
---@param bufnr integer
local function restore(bufnr)
  local sheet = sheets[bufnr]
  if not sheet then
    return
  elseif not vim.api.nvim_buf_is_valid(bufnr) then
    for _, place in pairs(sheet.places) do
      leave(place)
    end
    sheets[bufnr] = nil
  elseif vim.api.nvim_buf_is_loaded(bufnr) then
    watch(bufnr, sheet)
    for _, place in pairs(sheet.places) do
      M.set_lines(place, place.first, place.last) -- :edit keeps the marks, but on arbitrary lines
      place.swept = true
      look_again(place, true)
    end
  end
end

local restore_soon = vim.schedule_wrap(restore)

---@param bufnr integer
---@param sheet kernel_bridge.Sheet
watch = function(bufnr, sheet)
  if sheet.watched then
    return
  end
  sheet.watched = vim.api.nvim_buf_attach(bufnr, false, {
    on_lines = function(_, _, _, first, last, new_last)
      edited(bufnr, first, last, new_last)
    end,
    on_reload = function()
      restore_soon(bufnr)
    end,
    on_detach = function()
      sheet.watched = false
      restore_soon(bufnr)
    end,
  })
end

vim.api.nvim_create_autocmd("BufReadPost", {
  group = vim.api.nvim_create_augroup("kernel_bridge_sheets", { clear = true }),
  callback = function(event)
    if sheets[event.buf] and not sheets[event.buf].watched then
      restore_soon(event.buf)
    end
  end,
})

---@param bufnr integer
---@return kernel_bridge.Sheet
local function sheet_of(bufnr)
  sheets[bufnr] = sheets[bufnr] or { places = {}, edits = {}, asking = 0, watched = false }
  watch(bufnr, sheets[bufnr])
  return sheets[bufnr]
end

--- Records the edits of a buffer until a response with the lines of its runs arrives.
---@param bufnr integer
---@return fun() answered to call after the response
function M.asking(bufnr)
  local sheet = sheet_of(bufnr)
  sheet.asking = sheet.asking + 1
  return function()
    sheet.asking = sheet.asking - 1
    if sheet.asking == 0 then
      sheet.edits = {}
    end
  end
end

--- Adds a run at the lines of its source. Removes runs that end within these lines.
---@param entry kernel_bridge.RunEntry
function M.add(entry)
  local bufnr, range = entry.bufnr, entry.run.range
  local sheet = sheet_of(bufnr)
  local first, last = range.start.line, range["end"].line
  local touched = false
  for _, edit in ipairs(sheet.edits) do
    if edit.tick > (entry.run.textDocument.version or 0) then
      local shift = edit.new_last - edit.last
      if edit.last <= first then
        first, last = first + shift, last + shift
      elseif edit.first <= last then
        touched = true
        last = math.max(first, last + shift)
      end
    end
  end
  local place = { entry = entry, bufnr = bufnr, first = first, last = last, stale = touched, removed = false }
  M.set_lines(place, first, last)
  place.snapshot = not touched and source_of(bufnr, place.first, place.last) or nil
  for _, other in pairs(sheet.places) do
    if not other.removed and other.last >= place.first and other.last <= place.last then
      leave(other, place)
    end
  end
  sheet.places[entry.run.id] = place
  places[entry.run.id] = place
  fire("placed", place)
end

--- Removes all runs from a buffer.
---@param bufnr integer
function M.clear(bufnr)
  for _, place in ipairs(M.of(bufnr)) do
    leave(place)
  end
end

--- The run for a line: the shortest one that contains the line, else the nearest one above.
---@param bufnr integer
---@param line integer 0-based
---@return kernel_bridge.RunEntry?
function M.at(bufnr, line)
  local within, above
  for _, place in ipairs(M.of(bufnr)) do
    local first, last = M.lines(place)
    if first and not place.removed then
      if first <= line and line <= last then
        if not within or last - first < within.last - within.first then
          within = { first = first, last = last, entry = place.entry }
        end
      elseif last < line and (not above or last > above.last) then
        above = { last = last, entry = place.entry }
      end
    end
  end
  return (within or above or {}).entry
end

---@param run_id string
---@return kernel_bridge.Place?
function M.place(run_id)
  return places[run_id]
end

---@return table<string, kernel_bridge.Place> by run id
function M.places()
  return places
end

---@param bufnr integer
---@return kernel_bridge.Place[]
function M.of(bufnr)
  return vim.tbl_values(sheets[bufnr] and sheets[bufnr].places or {})
end

return M
