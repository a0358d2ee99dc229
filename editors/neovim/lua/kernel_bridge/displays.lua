--- Where runs stand in buffers: extmarks that follow the text, staleness, and when what is drawn.

local config = require("kernel_bridge.config")
local view = require("kernel_bridge.view")

local M = {}

local namespace = vim.api.nvim_create_namespace("kernel_bridge")
M.namespace = namespace

--- The runs of one buffer, and the edits that its last answers may not have seen.
---@class kernel_bridge.Sheet
---@field entries table<string, kernel_bridge.RunEntry> by run id
---@field edits {tick: integer, first: integer, last: integer, new_last: integer}[]
---@field asking integer requests whose answers say where runs stand
---@field watched boolean its edits are heard of
---@field width? integer that it was drawn for

local sheets = {} ---@type table<integer, kernel_bridge.Sheet>

---@param bufnr integer
---@param first integer 0-based
---@param last integer inclusive
---@return string
local function source_of(bufnr, first, last)
  return table.concat(vim.api.nvim_buf_get_lines(bufnr, first, last + 1, false), "\n")
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

-- Drawing

--- Columns for text in the narrowest window that shows the buffer.
---@param bufnr integer
---@return integer
local function width_of(bufnr)
  local width = math.huge
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    local info = vim.fn.getwininfo(window)[1]
    width = math.min(width, info.width - info.textoff)
  end
  return width < math.huge and width or vim.o.columns
end

---@param entry kernel_bridge.RunEntry
local function erase(entry)
  for _, name in ipairs({ "end_mark", "sign_mark" }) do
    if entry[name] and vim.api.nvim_buf_is_loaded(entry.bufnr) then
      vim.api.nvim_buf_del_extmark(entry.bufnr, namespace, entry[name])
    end
    entry[name] = nil
  end
end

--- Draws a run as it is now.
---@param entry kernel_bridge.RunEntry
function M.draw(entry)
  entry.drawn_at = vim.uv.now()
  local first, last = M.place(entry)
  if not first then
    return
  end
  local bufnr = entry.bufnr
  local length = #vim.api.nvim_buf_get_lines(bufnr, last, last + 1, false)[1]
  local icon, group = view.sign(entry)
  vim.api.nvim_buf_set_extmark(bufnr, namespace, first, 0, {
    id = entry.range_mark,
    end_row = last,
    end_col = length,
  })
  if entry.removed then
    return erase(entry)
  end
  if config.get().signs then
    -- A sign of a mark with an end would stand on each of its lines.
    entry.sign_mark = vim.api.nvim_buf_set_extmark(bufnr, namespace, first, 0, {
      id = entry.sign_mark,
      sign_text = icon,
      sign_hl_group = group,
      priority = 30,
    })
  end
  local lines
  if #entry.outputs == 0 and entry.before then
    lines = entry.before
  else
    entry.before = nil
    lines = view.lines(entry, width_of(bufnr))
  end
  entry.lines = lines
  entry.end_mark = vim.api.nvim_buf_set_extmark(bufnr, namespace, last, 0, {
    id = entry.end_mark,
    virt_text = view.mark(entry),
    virt_text_pos = "eol",
    hl_mode = "combine",
    virt_lines = #lines > 0 and lines or nil,
    priority = 30,
  })
end

local waiting = {} ---@type table<kernel_bridge.RunEntry, true>
local timer ---@type uv.uv_timer_t?

local function draw_waiting()
  local entries = waiting
  waiting = {}
  for entry in pairs(entries) do
    M.draw(entry)
  end
end

--- Draws a run at once when it was not drawn just now, else a little later. No timer runs when nothing waits.
---@param entry kernel_bridge.RunEntry
function M.touch(entry)
  local throttle = config.get().throttle_ms
  if next(waiting) == nil and vim.uv.now() - (entry.drawn_at or 0) >= throttle then
    return M.draw(entry)
  end
  if next(waiting) == nil then
    timer = timer or assert(vim.uv.new_timer())
    timer:start(throttle, 0, vim.schedule_wrap(draw_waiting))
  end
  waiting[entry] = true
end

--- Whether something has changed that is not drawn yet.
---@return boolean
function M.waits()
  return next(waiting) ~= nil
end

local clock ---@type uv.uv_timer_t?

--- Shows how long runs have been running, while there are any.
---@param running fun(): kernel_bridge.RunEntry[]
function M.tick(running)
  clock = clock or assert(vim.uv.new_timer())
  if clock:is_active() then
    return
  end
  clock:start(
    1000,
    1000,
    vim.schedule_wrap(function()
      local entries = running()
      if #entries == 0 then
        return clock:stop()
      end
      for _, entry in ipairs(entries) do
        M.touch(entry)
      end
    end)
  )
end

-- Edits

---@param entry kernel_bridge.RunEntry
local function look_again(entry)
  local first, last = M.place(entry)
  if not first then
    return
  end
  local same = source_of(entry.bufnr, first, last) == entry.snapshot
  if same then
    entry.removed, entry.stale = false, false
  else
    entry.stale = true
  end
  M.touch(entry)
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
      vim.schedule(function()
        look_again(entry)
      end)
    elseif entry.first >= last then
      entry.first, entry.last = entry.first + shift, entry.last + shift
    elseif entry.last >= first then
      entry.removed = new_last == first and entry.first >= first and entry.last < last
      if not entry.looking then
        entry.looking = true
        vim.schedule(function()
          entry.looking = false
          entry.first, entry.last = M.place(entry)
          if entry.first then
            look_again(entry)
          end
        end)
      end
      entry.last = math.max(entry.first, entry.last + shift)
    end
  end
  if sheet.asking > 0 then
    local tick = vim.api.nvim_buf_get_changedtick(bufnr)
    table.insert(sheet.edits, { tick = tick, first = first, last = last, new_last = new_last })
  end
end

--- Puts the results of a buffer that was read anew back on their lines, as far as these are the same.
---@param bufnr integer
local function restore(bufnr)
  local sheet = sheets[bufnr]
  if not vim.api.nvim_buf_is_valid(bufnr) then
    sheets[bufnr] = nil
  elseif sheet and vim.api.nvim_buf_is_loaded(bufnr) then
    M.watch(bufnr, sheet)
    for _, entry in pairs(sheet.entries) do
      entry.range_mark, entry.end_mark, entry.sign_mark = nil, nil, nil
      M.stand(entry, entry.first, entry.last)
      look_again(entry)
    end
  end
end

---@param bufnr integer
---@param sheet kernel_bridge.Sheet
function M.watch(bufnr, sheet)
  if sheet.watched then
    return
  end
  sheet.watched = vim.api.nvim_buf_attach(bufnr, false, {
    on_lines = function(_, _, _, first, last, new_last)
      edited(bufnr, first, last, new_last)
    end,
    on_reload = function()
      vim.schedule(function()
        restore(bufnr)
      end)
    end,
    on_detach = function()
      sheet.watched = false
      vim.schedule(function()
        restore(bufnr)
      end)
    end,
  })
end

---@param bufnr integer
---@return kernel_bridge.Sheet
local function sheet_of(bufnr)
  sheets[bufnr] = sheets[bufnr] or { entries = {}, edits = {}, asking = 0, watched = false }
  M.watch(bufnr, sheets[bufnr])
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

--- Puts a run under the lines that it came from, in place of the results that stood there.
---@param entry kernel_bridge.RunEntry
---@return kernel_bridge.RunEntry[] replaced
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
  for _, other in ipairs(replaced) do
    if other.last == entry.last and other.lines and #other.lines > 0 then
      entry.before = view.dimmed(other.lines)
    end
    M.remove(other)
  end
  sheet.entries[entry.run.id] = entry
  M.draw(entry)
  return replaced
end

--- Takes a run away from its buffer.
---@param entry kernel_bridge.RunEntry
function M.remove(entry)
  waiting[entry] = nil
  local sheet = sheets[entry.bufnr]
  if sheet then
    sheet.entries[entry.run.id] = nil
    erase(entry)
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

--- All runs that stand in a buffer.
---@param bufnr integer
---@return kernel_bridge.RunEntry[]
function M.of(bufnr)
  return vim.tbl_values(sheets[bufnr] and sheets[bufnr].entries or {})
end

--- Runs that were asked for and that the server has not told of yet: a kernel may have to start.
---@class kernel_bridge.Expected
---@field bufnr integer
---@field mark integer
---@field words string

local pending = vim.api.nvim_create_namespace("kernel_bridge_pending")
local expected = {} ---@type kernel_bridge.Expected[]

---@param one kernel_bridge.Expected
---@param line integer 0-based
local function draw_expected(one, line)
  one.mark = vim.api.nvim_buf_set_extmark(one.bufnr, pending, line, 0, {
    id = one.mark,
    virt_text = { { ("  %s %s…"):format(config.get().icons.queued, one.words), "KernelBridgeQueued" } },
    virt_text_pos = "eol",
    hl_mode = "combine",
  })
end

--- A mark at a line until the server has answered.
---@param bufnr integer
---@param line integer 0-based
---@return fun() remove
function M.expect(bufnr, line)
  local one = { bufnr = bufnr, words = "" }
  draw_expected(one, line)
  expected[#expected + 1] = one
  return function()
    expected = vim.tbl_filter(function(other)
      return other ~= one
    end, expected)
    if vim.api.nvim_buf_is_valid(bufnr) then
      vim.api.nvim_buf_del_extmark(bufnr, pending, one.mark)
    end
  end
end

--- A kernel starts: that is what runs wait for.
---@param name string
function M.starting(name)
  for _, one in ipairs(expected) do
    local place = vim.api.nvim_buf_is_loaded(one.bufnr)
      and vim.api.nvim_buf_get_extmark_by_id(one.bufnr, pending, one.mark, {})
    if place and place[1] then
      one.words = ("starting %s "):format(name)
      draw_expected(one, place[1])
    end
  end
end

--- What a buffer's runs wait for, if they do.
---@param bufnr integer
---@return string?
function M.awaited(bufnr)
  for _, one in ipairs(expected) do
    if one.bufnr == bufnr and one.words ~= "" then
      return vim.trim(one.words)
    end
  end
end

local group = vim.api.nvim_create_augroup("kernel_bridge_displays", { clear = true })

vim.api.nvim_create_autocmd("BufReadPost", {
  group = group,
  callback = function(event)
    if sheets[event.buf] and not sheets[event.buf].watched then
      vim.schedule(function()
        restore(event.buf)
      end)
    end
  end,
})

vim.api.nvim_create_autocmd({ "WinResized", "VimResized", "BufWinEnter" }, {
  group = group,
  callback = vim.schedule_wrap(function()
    for bufnr, sheet in pairs(sheets) do
      local width = next(sheet.entries) and vim.api.nvim_buf_is_loaded(bufnr) and width_of(bufnr)
      if width and width ~= sheet.width then
        sheet.width = width
        for _, entry in pairs(sheet.entries) do
          M.draw(entry)
        end
      end
    end
  end),
})

return M
