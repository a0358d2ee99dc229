--- The place of a run in a buffer: its lines, their text, and where that text is after it has moved.

local M = {}

--- The lines of a buffer that a run belongs to.
---@class kernel_bridge.Place
---@field entry kernel_bridge.RunEntry
---@field bufnr integer
---@field first integer 0-based line, as of the last settled edit
---@field last integer inclusive
---@field snapshot string the text of its lines when it ran
---@field text string the text of its lines when they were last looked at
---@field stale boolean the source has changed since the run
---@field removed boolean its lines are gone
---@field lost? boolean a reload removed it: the server may know where its code is
---@field offset integer of its first line from the first of the removed lines, or in the buffer that was reloaded
---@field collapsed? boolean the user has hidden its output

---@param bufnr integer
---@param first integer 0-based
---@param last integer inclusive
---@return string
function M.text_of(bufnr, first, last)
  return table.concat(vim.api.nvim_buf_get_lines(bufnr, math.max(first, 0), last + 1, false), "\n")
end

--- Prepares to find texts among some lines of a buffer. Each search finds other lines.
---@param bufnr integer
---@param first integer 0-based
---@param last integer exclusive; -1: the end
---@return fun(text: string, near: integer): integer?, integer? find the match closest to a line: first, last
function M.finder(bufnr, first, last)
  local lines = vim.api.nvim_buf_get_lines(bufnr, first, last, false)
  local rows = {} ---@type table<string, integer[]> by text
  for row, line in ipairs(lines) do
    rows[line] = rows[line] or {}
    table.insert(rows[line], row)
  end
  local found = {} ---@type table<integer, true>
  return function(text, near)
    local wanted = vim.split(text, "\n", { plain = true })
    local best
    for _, row in ipairs(rows[wanted[1]] or {}) do
      local is_closer = not best or math.abs(first + row - 1 - near) < math.abs(first + best - 1 - near)
      if is_closer and not found[row] then
        local same = true
        for index = 2, #wanted do
          same = same and lines[row + index - 1] == wanted[index]
        end
        best = same and row or best
      end
    end
    if best then
      found[best] = true
      return first + best - 1, first + best + #wanted - 2
    end
  end
end

---@param place kernel_bridge.Place
---@param first integer 0-based
---@param last integer inclusive
function M.set_lines(place, first, last)
  last = math.min(last, vim.api.nvim_buf_line_count(place.bufnr) - 1)
  place.first, place.last = math.max(math.min(first, last), 0), last
end

--- Moves a place that grew by lines next to its code, or lost some that are back, to the lines of that code.
---@param place kernel_bridge.Place
local function align(place)
  local more = #vim.split(place.snapshot, "\n", { plain = true }) - 1
  for _, first in ipairs({ place.first, place.last - more }) do
    if first >= 0 and M.text_of(place.bufnr, first, first + more) == place.snapshot then
      return M.set_lines(place, first, first + more)
    end
  end
end

--- Recomputes whether a run is stale.
---@param place kernel_bridge.Place
function M.look(place)
  M.set_lines(place, place.first, place.last)
  if M.text_of(place.bufnr, place.first, place.last) ~= place.snapshot then
    align(place)
  end
  place.text = M.text_of(place.bufnr, place.first, place.last)
  place.stale = place.text ~= place.snapshot
end

--- Moves places to where their text is now. Those of equal texts keep their order.
---@param list kernel_bridge.Place[]
---@param find fun(text: string, near: integer): integer?, integer?
---@return kernel_bridge.Place[] missing
function M.find_all(list, find)
  table.sort(list, function(a, b)
    return a.last < b.last
  end)
  local missing, shift = {}, 0
  for _, place in ipairs(list) do
    local first, last = find(place.text, place.first + shift)
    if first then
      shift = first - place.first
      place.first, place.last = first, last
    else
      missing[#missing + 1] = place
    end
  end
  return missing
end

--- Brings a removed place back if its text is among some lines.
---@param place kernel_bridge.Place
---@param find fun(text: string, near: integer): integer?, integer?
---@param near integer
---@return boolean
function M.bring_back(place, find, near)
  local first, last = find(place.text, near)
  if first then
    place.removed, place.lost, place.first, place.last = false, false, first, last
  end
  return first ~= nil
end

return M
