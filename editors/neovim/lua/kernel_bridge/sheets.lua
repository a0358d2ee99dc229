--- The lines of runs in buffers: they follow the text through edits, and say whether that text is still the code that
--- ran. |kernel_bridge.displays| draws the results there.

local edits = require("kernel_bridge.edits")
local events = require("kernel_bridge.events")
local places = require("kernel_bridge.places")

local M = {}

--- The places in one buffer, and the edits that they have not followed yet.
---@class kernel_bridge.Sheet
---@field places table<string, kernel_bridge.Place> by run id
---@field log kernel_bridge.Edit[] since the places were last settled
---@field recent kernel_bridge.Edit[] edits that pending responses may not include
---@field asking integer pending requests whose responses contain the lines of runs
---@field watched boolean on_lines is attached

--- Events: "placed" (place): a new place, or one that is back after a reload, an undo or a paste; "changed" (place):
--- its text, `stale` or `removed` may have changed; "left" (place, successor?): the place was cleared, or replaced by a
--- run on the same lines; "lost" (bufnr): a reload changed the lines of places, or took them away.
local on, fire = events.new()
M.on = on

local sheets = {} ---@type table<integer, kernel_bridge.Sheet>
local by_run = {} ---@type table<string, kernel_bridge.Place>

--- Recomputes whether a run is stale, and announces it.
---@param place kernel_bridge.Place
---@param event "placed"|"changed"
local function look(place, event)
  if not place.removed then
    places.look(place)
  end
  fire(event, place)
end

--- Removes a run from its buffer.
---@param place kernel_bridge.Place
---@param successor? kernel_bridge.Place the place that replaces it
local function leave(place, successor)
  sheets[place.bufnr].places[place.entry.run.id] = nil
  by_run[place.entry.run.id] = nil
  fire("left", place, successor)
end

--- Moves the places of a buffer as its edits since the last call did.
---@param bufnr integer
local function settle(bufnr)
  local sheet = sheets[bufnr]
  if not sheet or #sheet.log == 0 or not vim.api.nvim_buf_is_loaded(bufnr) then
    return
  end
  local log = sheet.log
  sheet.log = {}
  local gone, rewritten = {}, {} ---@type kernel_bridge.Place[], kernel_bridge.Place[]
  local events_of = {} ---@type table<kernel_bridge.Place, "placed"|"changed">
  for _, place in pairs(sheet.places) do
    if place.removed then
      gone[#gone + 1] = place
    else
      local first, last, fate, offset = edits.follow(log, place.first, place.last)
      place.first, place.last = first, last
      if fate == "deleted" then
        place.removed, place.offset = true, offset
        gone[#gone + 1] = place
      elseif fate == "rewritten" then
        rewritten[#rewritten + 1] = place
      end
      events_of[place] = fate ~= "kept" and "changed" or nil
    end
  end
  if #rewritten > 0 then -- by a formatter or a filter
    places.find_all(rewritten, places.finder(bufnr, 0, -1))
  end
  local first, last = edits.inserted(log)
  if first and #gone > 0 then -- undone, or pasted
    local find = places.finder(bufnr, first, last)
    for _, place in ipairs(gone) do
      if places.bring_back(place, find, first + place.offset) then
        events_of[place] = "placed"
      end
    end
  end
  for place, event in pairs(events_of) do
    look(place, event)
  end
end

--- Notes an edit. The places follow when somebody asks for their lines, or in the next turn of the event loop: one
--- command can make thousands of edits.
---@param bufnr integer
---@param first integer 0-based
---@param last integer exclusive, before
---@param new_last integer exclusive, after
local function edited(bufnr, first, last, new_last)
  local sheet = sheets[bufnr]
  if next(sheet.places) then
    if #sheet.log == 0 then
      vim.schedule(function()
        settle(bufnr)
      end)
    end
    edits.add(sheet.log, first, last, new_last)
  end
  if sheet.asking > 0 then
    local tick = vim.api.nvim_buf_get_changedtick(bufnr)
    table.insert(sheet.recent, { tick = tick, first = first, last = last, new_last = new_last, each = false })
  end
end

--- The places that have lines, from top to bottom.
---@param sheet kernel_bridge.Sheet
---@return kernel_bridge.Place[]
local function in_order(sheet)
  local found = vim.tbl_filter(function(place)
    return not place.removed
  end, vim.tbl_values(sheet.places))
  table.sort(found, function(a, b)
    return a.last < b.last
  end)
  return found
end

local watch

--- Finds the places in a buffer that was reloaded, on the lines that have their text now.
---@param bufnr integer
local function reloaded(bufnr)
  local sheet = sheets[bufnr]
  if not sheet then
    return
  elseif not vim.api.nvim_buf_is_valid(bufnr) then
    for _, place in pairs(sheet.places) do
      leave(place)
    end
    sheets[bufnr] = nil
  elseif vim.api.nvim_buf_is_loaded(bufnr) then
    sheet.log = {}
    watch(bufnr, sheet)
    local found = in_order(sheet)
    local missing = places.find_all(found, places.finder(bufnr, 0, -1))
    for _, place in ipairs(missing) do
      place.removed, place.lost, place.offset = true, true, place.first
    end
    for _, place in ipairs(found) do
      look(place, place.removed and "changed" or "placed")
    end
    if #missing > 0 then
      fire("lost", bufnr)
    end
  end
end

local reloaded_soon = vim.schedule_wrap(reloaded)

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
      reloaded_soon(bufnr)
    end,
    on_detach = function()
      sheet.watched = false
      reloaded_soon(bufnr)
    end,
  })
end

vim.api.nvim_create_autocmd("BufReadPost", {
  group = vim.api.nvim_create_augroup("kernel_bridge_sheets", { clear = true }),
  callback = function(event)
    if sheets[event.buf] and not sheets[event.buf].watched then
      reloaded_soon(event.buf)
    end
  end,
})

---@param bufnr integer
---@return kernel_bridge.Sheet
local function sheet_of(bufnr)
  sheets[bufnr] = sheets[bufnr] or { places = {}, log = {}, recent = {}, asking = 0, watched = false }
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
      sheet.recent = {}
    end
  end
end

--- The lines of a run in a version of its document.
---@class kernel_bridge.Seen
---@field range kernel_bridge.Range
---@field version integer changedtick
---@field stale? boolean the source that ran is no longer there

--- Whether lines of a place have a newer run.
---@param place kernel_bridge.Place
---@param sheet kernel_bridge.Sheet
---@return boolean
local function has_newer(place, sheet)
  return vim.iter(pairs(sheet.places)):any(function(_, other)
    return not other.removed
      and other.first <= place.last
      and other.last >= place.first
      and other.entry.run.queuedAt > place.entry.run.queuedAt
  end)
end

--- Adds a run at the lines of its source, or moves it there. Removes runs that end within these lines. A run from the
--- history is not added over a newer one.
---@param entry kernel_bridge.RunEntry
---@param seen kernel_bridge.Seen
function M.add(entry, seen)
  local bufnr, id = entry.bufnr, entry.run.id
  settle(bufnr)
  local sheet = sheet_of(bufnr)
  local since = vim.tbl_filter(function(edit)
    return edit.tick > seen.version
  end, sheet.recent)
  local place = by_run[id] or { entry = entry, bufnr = bufnr, stale = false } --[[@as kernel_bridge.Place]]
  local first, last, fate, offset = edits.follow(since, seen.range.start.line, seen.range["end"].line)
  place.removed, place.lost, place.offset = fate == "deleted", false, offset or 0
  places.set_lines(place, first, last)
  if entry.recalled and has_newer(place, sheet) then
    return
  end
  local is_source = not seen.stale and (fate == "kept" or fate == "beside")
  place.snapshot = is_source and places.text_of(bufnr, place.first, place.last) or entry.run.source
  place.text = place.snapshot
  for _, other in ipairs(place.removed and {} or in_order(sheet)) do
    if other ~= place and other.last >= place.first and other.last <= place.last then
      place.collapsed = other.collapsed and other.last == place.last
      leave(other, place)
    end
  end
  sheet.places[id] = place
  by_run[id] = place
  look(place, "placed")
end

--- Removes one run from its buffer.
M.remove = leave ---@type fun(place: kernel_bridge.Place)

--- Removes all runs from a buffer.
---@param bufnr integer
function M.clear(bufnr)
  for _, place in ipairs(M.of(bufnr)) do
    leave(place)
  end
end

--- The current lines of a run; nil if the buffer has none.
---@param place kernel_bridge.Place
---@return integer? first 0-based
---@return integer? last inclusive
function M.lines(place)
  settle(place.bufnr)
  if not place.removed and vim.api.nvim_buf_is_loaded(place.bufnr) then
    return place.first, place.last
  end
end

--- The run for a line: the shortest one that contains the line, else the nearest one above.
---@param bufnr integer
---@param line integer 0-based
---@return kernel_bridge.Place?
function M.at(bufnr, line)
  local within, above ---@type kernel_bridge.Place?, kernel_bridge.Place?
  for _, place in ipairs(M.in_order(bufnr)) do
    if place.first <= line and line <= place.last then
      if not within or place.last - place.first < within.last - within.first then
        within = place
      end
    elseif place.last < line then
      above = place
    end
  end
  return within or above
end

---@param run_id string
---@return kernel_bridge.Place?
function M.place(run_id)
  return by_run[run_id]
end

---@return table<string, kernel_bridge.Place> by run id
function M.places()
  return by_run
end

---@param bufnr integer
---@return kernel_bridge.Place[]
function M.of(bufnr)
  return vim.tbl_values(sheets[bufnr] and sheets[bufnr].places or {})
end

--- The places in a buffer that have lines, from top to bottom.
---@param bufnr integer
---@return kernel_bridge.Place[]
function M.in_order(bufnr)
  settle(bufnr)
  return sheets[bufnr] and in_order(sheets[bufnr]) or {}
end

return M
