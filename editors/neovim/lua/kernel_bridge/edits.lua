--- Edits of a buffer by lines, and what they do to a range of lines. Pure.

local M = {}

--- Lines that an edit replaced.
---@class kernel_bridge.Edit
---@field first integer 0-based
---@field last integer exclusive, before
---@field new_last integer exclusive, after
---@field each boolean every line was replaced on its own, as by an undo of `:%s`
---@field tick? integer changedtick after it

--- Adds an edit to a log. Joins it with the previous edit where that keeps the log short or is the same to a user.
---@param log kernel_bridge.Edit[]
---@param first integer
---@param last integer exclusive, before
---@param new_last integer exclusive, after
function M.add(log, first, last, new_last)
  local each = last == first + 1 and new_last == last
  local before = log[#log]
  if before and each and before.each and first <= before.last and last >= before.first then
    before.first, before.last = math.min(before.first, first), math.max(before.last, last)
    before.new_last = before.last
  elseif
    before
    and before.first == before.last -- a filter inserts its lines before Neovim deletes the old ones
    and new_last == first
    and last == before.first
  then
    before.new_last = first + before.new_last - before.first
    before.first, before.last = first, last
  else
    log[#log + 1] = { first = first, last = last, new_last = new_last, each = each }
  end
end

--- The line that a line inside an edit becomes; of a deleted one, `otherwise`.
---@param edit kernel_bridge.Edit
---@param line integer
---@param otherwise integer
---@return integer
local function line_after(edit, line, otherwise)
  local count = edit.new_last - edit.first
  if count == 0 then
    return otherwise
  elseif line == edit.last - 1 then
    return edit.new_last - 1
  end
  return edit.first + math.min(line - edit.first, count - 1)
end

---@param edit kernel_bridge.Edit
---@param first integer before the end of the edit
---@return integer
local function first_after(edit, first)
  return edit.first < first and line_after(edit, first, edit.first) or first
end

---@param edit kernel_bridge.Edit
---@param last integer not before the start of the edit
---@return integer
local function last_after(edit, last)
  return edit.last <= last and last + edit.new_last - edit.last or line_after(edit, last, edit.first - 1)
end

--- Follows a range of lines through edits.
---@param log kernel_bridge.Edit[]
---@param first integer 0-based
---@param last integer inclusive
---@return integer first
---@return integer last
---@return "kept"|"beside"|"edited"|"rewritten"|"deleted" fate "beside": an edit touches it; "rewritten": together with
--- other lines, so it may be elsewhere
---@return integer? offset of "deleted": of its first line from the first deleted one
function M.follow(log, first, last)
  local fate = "kept"
  for _, edit in ipairs(log) do
    local shift = edit.new_last - edit.last
    local is_within = edit.first <= first and last < edit.last
    if is_within and edit.new_last == edit.first then
      return first, last, "deleted", first - edit.first
    elseif edit.last <= first then
      fate = fate == "kept" and edit.last == first and "beside" or fate
      first, last = first + shift, last + shift
    elseif edit.first == last + 1 then
      fate = fate == "kept" and "beside" or fate
    elseif edit.first <= last then
      local is_larger = is_within and not edit.each and edit.last - edit.first > last - first + 1
      fate = (is_larger or fate == "rewritten") and "rewritten" or "edited"
      first, last = first_after(edit, first), last_after(edit, last)
      last = math.max(first, last)
    end
  end
  return first, last, fate
end

--- The lines that edits inserted or rewrote, from the first to the last of them.
---@param log kernel_bridge.Edit[]
---@return integer? first 0-based
---@return integer? last exclusive
function M.inserted(log)
  local first, last
  for _, edit in ipairs(log) do
    local shift = edit.new_last - edit.last
    if first and edit.last <= first then
      first, last = first + shift, last + shift
    elseif first and edit.first < last then
      last = math.max(last + shift, edit.new_last)
      first = math.min(first, edit.first)
    end
    if not edit.each and edit.new_last > edit.first then
      first = math.min(first or edit.first, edit.first)
      last = math.max(last or edit.new_last, edit.new_last)
    end
  end
  return first, last
end

return M
