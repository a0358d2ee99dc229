--- The result of a run as virtual lines.

local ansi = require("kernel_bridge.ansi")
local config = require("kernel_bridge.config")
local marks = require("kernel_bridge.marks")
local media = require("kernel_bridge.media")
local outputs = require("kernel_bridge.outputs")
local plural = require("kernel_bridge.plural")
local text = require("kernel_bridge.text")
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

--- A part of a run's outputs: lines of text, or one image.
---@class kernel_bridge.Segment
---@field group? string
---@field count? integer number of lines
---@field head? fun(limit: integer): string[]
---@field tail? fun(limit: integer): string[]
---@field rows? [string, any][][] virtual lines of the image
---@field image? kernel_bridge.Image

local function text_segment(value, group)
  return {
    group = group,
    count = text.count(value),
    head = function(limit)
      return text.head(value, limit)
    end,
    tail = function(limit)
      return text.tail(value, limit)
    end,
  }
end

--- Removes the rule and the title from an IPython traceback. Its last line repeats the name of the error.
---@param words string
---@return string
local function without_title(words)
  local rule, title, rest = words:match("^([^\n]*)\n([^\n]*)\n(.*)$")
  if
    rule
    and ansi.plain(rule):find("^%-+$")
    and ansi.plain(title):find("Traceback %(most recent call last%)$")
  then
    return rest
  end
  return words
end

---@param entry kernel_bridge.RunEntry
---@param width integer
---@param changed fun() called when an image becomes ready
---@return kernel_bridge.Segment[]
local function segments(entry, width, changed)
  local list = {}
  local function add_text(value, group)
    list[#list + 1] = text_segment(text.new(value), group)
  end
  for _, output in ipairs(entry.outputs) do
    if output.stream then
      local group = output.name == "stderr" and "KernelBridgeStderr" or "KernelBridgeOutput"
      list[#list + 1] = text_segment(output.stream, group)
      if output.elided then
        local hidden = output.elided.omitted - #output.elided.tail
        if hidden > 0 then
          add_text(("⋯ %s left out"):format(media.size(hidden)), "KernelBridgeMore")
        end
        add_text(output.elided.tail, group)
      end
    elseif output.traceback then
      add_text(without_title(outputs.text(output)), "KernelBridgeOutput")
    else
      local shown = media.show(output, width, changed)
      if shown.rows then
        list[#list + 1] = { rows = shown.rows, image = shown.image }
      else
        if shown.text then
          add_text(shown.text, "KernelBridgeOutput")
        end
        if shown.hint then
          add_text(shown.hint, "KernelBridgeMedia")
        end
      end
    end
  end
  if entry.run.nextInput then
    local lines = plural(text.count(text.new(entry.run.nextInput)), "line")
    add_text(("↳ the kernel proposes %s · :KernelBridge insert"):format(lines), "KernelBridgeMore")
  end
  return list
end

--- Wraps lines to rows while they fit, from the first line on or from the last one backwards.
---@return [string, any][][] rows
---@return integer used number of lines
local function fitting(lines, group, width, limit, from_end)
  local pen, wrapped, total = {}, {}, 0
  while #wrapped < #lines do
    local line = lines[from_end and #lines - #wrapped or #wrapped + 1]
    if #line > width and line:find("^[-=_*~]+$") then
      line = line:sub(1, width) -- a rule: cut it instead of wrapping it
    end
    local pieces = ansi.pieces(wrap.clip(line), from_end and {} or pen)
    for _, piece in ipairs(pieces) do
      piece[2] = piece[2] and { group, piece[2] } or group
    end
    local rows = wrap.rows(pieces, width)
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
        local rows, used = fitting(lines, segment.group, width, left, from_end)
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

--- The rows under the code, without borders. If they exceed the limit, the middle is replaced with a count.
---@param entry kernel_bridge.RunEntry
---@param width integer
---@param changed fun()
---@return [string, any][][]
---@return kernel_bridge.Placed[] pictures
local function body(entry, width, changed)
  local limit = config.get().virtual_lines.max_lines
  local list = segments(entry, width, changed)
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
    local head = math.min(limit - 1, math.max(1, math.floor((limit - 1) / 3)))
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

---@param entry kernel_bridge.RunEntry
---@param stale boolean
---@param width integer text width of the window
---@param changed fun() called when an image becomes ready
---@return [string, any][][] virt_lines
---@return kernel_bridge.Placed[] pictures
function M.lines(entry, stale, width, changed)
  local options = config.get().virtual_lines
  if not options.enabled then
    return {}, {}
  end
  local border_width = vim.api.nvim_strwidth(options.border)
  local rows, placed = body(entry, math.max(10, width - border_width), changed)
  local border = "KernelBridgeBorder"
  local state = marks.state(entry.run)
  if state == "running" or state == "error" then
    border = marks.GROUPS[state]
  end
  for _, row in ipairs(rows) do
    table.insert(row, 1, { options.border, border })
  end
  return stale and M.dimmed(rows) or rows, placed
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
