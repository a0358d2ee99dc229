--- Where runs stand in buffers: marks that follow the text through edits, and whether what stands there is still
--- what ran. How it looks is for |kernel_bridge.displays|.

local M = {}

local namespace = vim.api.nvim_create_namespace("kernel_bridge")
M.namespace = namespace

--- The runs of one buffer, and the edits that its last answers may not have seen.
---@class kernel_bridge.Sheet
---@field entries table<string, kernel_bridge.RunEntry> by run id
---@field edits {tick: integer, first: integer, last: integer, new_last: integer}[]
---@field asking integer requests whose answers say where runs stand
---@field watched boolean its edits are heard of
---@field inserted? boolean lines came in, this turn
---@field width? integer that it was drawn for

local sheets = {} ---@type table<integer, kernel_bridge.Sheet>

---@param bufnr integer
---@param first integer 0-based
---@param last integer inclusive
---@return string
local function source_of(bufnr, first, last)
  return table.concat(vim.api.nvim_buf_get_lines(bufnr, first, last + 1, false), "\n")
end

--- Where a source stands in a buffer, nearest to a line; nil where it is nowhere.
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

--- The lines that a run stands on now; nil when it stands nowhere.
---@param entry kernel_bridge.RunEntry
---@return integer? first 0-based
---@return integer? last inclusive
function M.place(entry)
  if not entry.range_mark or not vim.api.nvim_buf_is_loaded(entry.bufnr) then
    return nil
  end
  local mark =
    vim.api.nvim_buf_get_extmark_by_id(entry.bufnr, namespace, entry.range_mark, { details = true })
  local first, details = mark[1], mark[3]
  if not first then
    return nil
  end
  local last = details.end_row
  if last > first and details.end_col == 0 then
    last = last - 1 -- its last line was deleted
  end
  return first, math.min(last, vim.api.nvim_buf_line_count(entry.bufnr) - 1)
end

--- Puts an entry's mark on lines.
---@param entry kernel_bridge.RunEntry
---@param first integer
---@param last integer inclusive
function M.stand(entry, first, last)
  local count = vim.api.nvim_buf_line_count(entry.bufnr)
  last = math.min(last, count - 1)
  first = math.min(first, last)
  local length = #vim.api.nvim_buf_get_lines(entry.bufnr, last, last + 1, false)[1]
  entry.range_mark = vim.api.nvim_buf_set_extmark(entry.bufnr, namespace, first, 0, {
    id = entry.range_mark,
    end_row = last,
    end_col = length,
  })
  entry.first, entry.last = first, last
end

--- Sees what has become of a run's source, and has it drawn so.
---@param entry kernel_bridge.RunEntry
local function look_again(entry)
  local first, last = M.place(entry)
  if not first then
    return
  end
  local same = source_of(entry.bufnr, first, last) == entry.snapshot
  if not same and entry.swept and entry.snapshot then
    local found, found_last = find(entry.bufnr, entry.snapshot, entry.first)
    same = found ~= nil
    M.stand(entry, found or entry.first, found_last or entry.last)
  end
  entry.swept = false
  entry.stale = not same
  entry.removed = not same and entry.removed or false
  entry.first, entry.last = M.place(entry)
  require("kernel_bridge.displays").touch(entry)
end

---@param entry kernel_bridge.RunEntry
local function look_soon(entry)
  if not entry.looking then
    entry.looking = true
    vim.schedule(function()
      entry.looking = false
      look_again(entry)
    end)
  end
end

--- What an edit means for the runs of a buffer. Their marks have moved already, but not yet what they say.
---@param bufnr integer
---@param first integer 0-based
---@param last integer exclusive, before
---@param new_last integer exclusive, after
local function edited(bufnr, first, last, new_last)
  local sheet = sheets[bufnr]
  local shift = new_last - last
  for _, entry in pairs(sheet.entries) do
    if entry.removed then
      look_soon(entry)
    elseif entry.first >= last then
      entry.first, entry.last = entry.first + shift, entry.last + shift
    elseif entry.last >= first then
      local whole = first <= entry.first and entry.last < last
      -- A formatter or a filter writes these lines and others anew, and marks say nothing then. A filter's lines
      -- come before the old ones go.
      local anew = new_last > first or sheet.inserted
      entry.swept = entry.swept or (whole and anew and last - first > entry.last - entry.first + 1)
      entry.removed = whole and not anew
      if not entry.swept then
        entry.last = math.max(entry.first, entry.last + shift)
      end
      look_soon(entry)
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

--- Puts the results of a buffer that was read anew back on their lines, wherever these are now.
---@param bufnr integer
local function restore(bufnr)
  local sheet = sheets[bufnr]
  if not sheet then
    return
  elseif not vim.api.nvim_buf_is_valid(bufnr) then
    sheets[bufnr] = nil
    for _, entry in pairs(sheet.entries) do
      entry.range_mark = nil
      require("kernel_bridge.session").let_go(entry.run.id)
    end
  elseif vim.api.nvim_buf_is_loaded(bufnr) then
    watch(bufnr, sheet)
    vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1) -- :edit leaves marks, wherever they then are
    for _, entry in pairs(sheet.entries) do
      entry.range_mark, entry.end_mark, entry.sign_mark = nil, nil, nil
      M.stand(entry, entry.first, entry.last)
      entry.swept = true
      look_again(entry)
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
  sheets[bufnr] = sheets[bufnr] or { entries = {}, edits = {}, asking = 0, watched = false }
  watch(bufnr, sheets[bufnr])
  return sheets[bufnr]
end

--- Keeps the edits of a buffer until the answer that says where its runs stand has come.
---@param bufnr integer
---@return fun() answered
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

--- Puts a run on the lines that it came from.
---@param entry kernel_bridge.RunEntry
---@return kernel_bridge.RunEntry[] replaced those that end within its lines; they are still there
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
  M.stand(entry, first, last)
  entry.snapshot = not touched and source_of(bufnr, entry.first, entry.last) or nil
  entry.stale = touched
  local replaced = {}
  for _, other in pairs(sheet.entries) do
    if not other.removed and other.last >= entry.first and other.last <= entry.last then
      replaced[#replaced + 1] = other
    end
  end
  sheet.entries[entry.run.id] = entry
  return replaced
end

--- Takes a run off its buffer.
---@param entry kernel_bridge.RunEntry
function M.remove(entry)
  local sheet = sheets[entry.bufnr]
  if sheet then
    sheet.entries[entry.run.id] = nil
    if entry.range_mark and vim.api.nvim_buf_is_loaded(entry.bufnr) then
      vim.api.nvim_buf_del_extmark(entry.bufnr, namespace, entry.range_mark)
    end
  end
  entry.range_mark = nil
end

--- The run whose result a person at this line means: the shortest that the line is in, else the last above it.
---@param bufnr integer
---@param line integer 0-based
---@return kernel_bridge.RunEntry?
function M.at(bufnr, line)
  local within, above
  for _, entry in pairs(sheets[bufnr] and sheets[bufnr].entries or {}) do
    local first, last = M.place(entry)
    if first and not entry.removed then
      if first <= line and line <= last then
        if not within or last - first < within.last - within.first then
          within = { first = first, last = last, entry = entry }
        end
      elseif last < line and (not above or last > above.last) then
        above = { last = last, entry = entry }
      end
    end
  end
  return (within or above or {}).entry
end

---@param bufnr integer
---@param run_id string
---@return kernel_bridge.RunEntry?
function M.entry(bufnr, run_id)
  return sheets[bufnr] and sheets[bufnr].entries[run_id]
end

--- All runs that stand in a buffer.
---@param bufnr integer
---@return kernel_bridge.RunEntry[]
function M.of(bufnr)
  return vim.tbl_values(sheets[bufnr] and sheets[bufnr].entries or {})
end

--- Buffers with runs.
---@return table<integer, kernel_bridge.Sheet>
function M.all()
  return sheets
end

return M
