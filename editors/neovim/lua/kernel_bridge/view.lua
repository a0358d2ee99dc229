--- The result of a run as virtual lines.

local ansi = require("kernel_bridge.ansi")
local config = require("kernel_bridge.config")
local marks = require("kernel_bridge.marks")
local media = require("kernel_bridge.media")
local plural = require("kernel_bridge.plural")
local segments = require("kernel_bridge.segments")
local wrap = require("kernel_bridge.wrap")

local M = {}

--- The text width that fits all windows of the buffer: virtual lines belong to the buffer, so all show the same.
--- Windows of other tab pages do not count, and floating windows only if there is no other.
---@param bufnr integer
---@return integer
function M.width(bufnr)
  local fixed, floating = math.huge, math.huge
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if vim.api.nvim_win_get_buf(window) == bufnr then
      local info = vim.fn.getwininfo(window)[1]
      local width = info.width - info.textoff
      if vim.api.nvim_win_get_config(window).relative == "" then
        fixed = math.min(fixed, width)
      else
        floating = math.min(floating, width)
      end
    end
  end
  local width = fixed < math.huge and fixed or floating
  return width < math.huge and width or vim.o.columns
end

local function first_of(piece)
  return piece[1]
end

--- One line as rows.
---@param line kernel_bridge.Line
---@param segment kernel_bridge.Segment
---@param pen kernel_bridge.Pen
---@param width integer
---@return [string, any][][]
local function rows_of(line, segment, pen, width)
  local pieces
  local plain = line
  if type(line) == "table" then
    pieces = vim.deepcopy(line)
    plain = table.concat(vim.tbl_map(first_of, line))
  else
    if #line > width and line:find("^[-=_*~]+$") then
      line = line:sub(1, width) -- a rule: cut it instead of wrapping it
    end
    pieces = ansi.pieces(wrap.clip(line), pen)
  end
  for _, piece in ipairs(pieces) do
    piece[2] = piece[2] and { segment.group, piece[2] } or segment.group
  end
  local wanted = config.get().virtual_lines.wrap
  if wanted == "none" or (wanted == "text" and (segment.table or wrap.is_framed(plain))) then
    return { wrap.line(pieces) }
  end
  return wrap.rows(pieces, width)
end

--- Turns lines into rows while they fit, from the first line on or from the last one backwards.
---@return [string, any][][] rows
---@return integer used number of lines
local function fitting(lines, segment, width, limit, from_end)
  local pen, wrapped, total = {}, {}, 0
  while #wrapped < #lines do
    local line = lines[from_end and #lines - #wrapped or #wrapped + 1]
    local rows = rows_of(line, segment, from_end and {} or pen, width)
    if total + #rows > limit then
      if total > 0 then
        break
      end
      rows = vim.list_slice(rows, 1, limit)
      table.insert(rows[limit], { "…", "KernelBridgeMore" })
    end
    wrapped[#wrapped + 1] = rows
    total = total + #rows
  end
  local result = {}
  for index = 1, #wrapped do
    vim.list_extend(result, wrapped[from_end and #wrapped + 1 - index or index])
  end
  return result, #wrapped
end

--- Takes up to `limit` rows of text from one end of the segments. Adds the lines taken from each segment to `taken`.
---@param list kernel_bridge.Segment[]
---@param taken table<integer, integer>
---@return table<integer, [string, any][][]> rows by segment
local function take(list, taken, width, limit, from_end)
  local rows_by, left = {}, limit
  for step = 1, #list do
    local index = from_end and #list + 1 - step or step
    local segment = list[index]
    if segment.count then
      local wanted = math.min(segment.count - (taken[index] or 0), left)
      if wanted > 0 then
        local lines = from_end and segment.tail(wanted) or segment.head(wanted)
        local rows, used = fitting(lines, segment, width, left, from_end)
        rows_by[index] = rows
        taken[index] = (taken[index] or 0) + used
        left = left - #rows
      end
      if (taken[index] or 0) < segment.count then
        break
      end
    end
  end
  return rows_by
end

--- How many rows of a long output to keep of its beginning; the rest is kept of its end.
---@param rows integer
---@return integer
local function share_of_head(rows)
  local keep = config.get().virtual_lines.keep
  if keep == "both" then
    return math.min(rows, math.max(1, math.floor(rows / 3)))
  end
  return keep == "head" and rows or 0
end

--- The rows under the code, without borders. A part of what exceeds the limit is replaced with a count.
---@param entry kernel_bridge.RunEntry
---@param width integer
---@param changed fun()
---@return [string, any][][]
---@return kernel_bridge.Placed[] pictures
local function body(entry, width, changed)
  local limit = config.get().virtual_lines.max_lines
  local list = segments.of(entry, width, changed)
  local function hidden(taken)
    local lines = 0
    for index, segment in ipairs(list) do
      lines = lines + (segment.count or 0) - (taken[index] or 0)
    end
    return lines
  end
  local taken, back = {}, {}
  local front = take(list, taken, width, limit, false)
  if hidden(taken) > 0 then
    local head = share_of_head(limit - 1)
    taken = {}
    front = take(list, taken, width, head, false)
    back = take(list, taken, width, limit - 1 - head, true)
  end
  local more, rows, placed = hidden(taken), {}, {}
  for index, segment in ipairs(list) do
    if segment.image then
      placed[#placed + 1] = { image = segment.image, offset = #rows }
    end
    vim.list_extend(rows, segment.rows or front[index] or {})
    if more > 0 and (taken[index] or 0) < (segment.count or 0) then
      local words = ("⋯ %s · :KernelBridge output"):format(plural(more, "more line"))
      rows[#rows + 1] = { { words, "KernelBridgeMore" } }
      more = 0
    end
    vim.list_extend(rows, back[index] or {})
  end
  return rows, placed
end

--- Whether every window with the buffer scrolls sideways, and virtual lines with it.
---@param bufnr integer
---@return boolean
local function scrolls(bufnr)
  return vim.iter(vim.fn.win_findbuf(bufnr)):all(function(window)
    return not vim.wo[window].wrap
  end)
end

---@param entry kernel_bridge.RunEntry
---@param stale boolean
---@param bufnr integer the buffer of its code
---@param width integer text width of the window
---@param changed fun() called when an image becomes ready
---@return [string, any][][] virt_lines
---@return kernel_bridge.Placed[] pictures
---@return "trunc"|"scroll" overflow of rows that are wider than the window
function M.lines(entry, stale, bufnr, width, changed)
  local options = config.get().virtual_lines
  if not options.enabled then
    return {}, {}, "trunc"
  end
  local room = math.max(10, width - vim.api.nvim_strwidth(options.border))
  local rows, placed = body(entry, room, changed)
  local border = "KernelBridgeBorder"
  local state = marks.state(entry.run)
  if state == "running" or state == "error" then
    border = marks.GROUPS[state]
  end
  local overflow = "trunc"
  local can_scroll = scrolls(bufnr)
  for _, row in ipairs(rows) do
    if wrap.width(row) > room and not media.is_picture(row[1]) then
      overflow = can_scroll and "scroll" or overflow
      if not can_scroll then
        wrap.cut(row, room)
      end
    end
    table.insert(row, 1, { options.border, border })
  end
  return stale and M.dimmed(rows) or rows, placed, overflow
end

--- The same lines, dimmed, for a result whose source has changed.
---@param lines [string, any][][]
---@return [string, any][][]
function M.dimmed(lines)
  return vim.tbl_map(function(row)
    return vim.tbl_map(function(chunk)
      return media.is_picture(chunk) and chunk or { chunk[1], "KernelBridgeStale" }
    end, row)
  end, lines)
end

return M
