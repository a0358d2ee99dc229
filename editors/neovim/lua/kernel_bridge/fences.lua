--- The code cells of a document with fenced code: its fences whose info string names a language.

local vocabulary = require("kernel_bridge.vocabulary")

local M = {}

--- A fence; 1-based lines.
---@class kernel_bridge.Fence
---@field first integer the opening fence
---@field last integer the closing fence, or the last line of the document
---@field is_closed boolean
---@field language string as in |kernel_bridge.vocabulary|

---@param name string
---@return string?
local function known(name)
  return vocabulary.fence_names[name:lower()]
end

--- The language that an info string names; nil if its fence is prose.
---@param info string
---@return string?
local function language_of(info)
  local inside, after = info:match("^{%s*(.-)%s*}%s*(%S*)")
  if not inside then
    return not info:find("%.noeval") and known(info:match("^[^%s,{}:=]*")) or nil
  elseif vim.startswith(inside:lower(), "code-cell") then
    return known(after) or "python"
  elseif inside:find("^[.#]") then
    for name in inside:gmatch("%.([%w+#-]+)") do
      if known(name) then
        return known(name)
      end
    end
    return nil
  end
  local name = inside:match("^[^%s,{}:=]*")
  return not vocabulary.in_page[name] and known(name) or nil
end

--- HTML blocks that may contain blank lines: how they begin and end, in lower case.
local HTML = { { "^<!%-%-", "%-%->" }, { "^<%?", "%?>" }, { "^<!%[cdata%[", "%]%]>" }, { "^<!%l", ">" } }
for _, tag in ipairs({ "pre", "script", "style", "textarea" }) do
  HTML[#HTML + 1] = { "^<" .. tag .. "%f[%s>%z]", "</" .. tag .. ">" }
end

--- The column of the first character of a line that is not blank, and the text from there on.
---@param line string
---@return integer column 0-based
---@return string text
local function indented(line)
  local blanks, text = line:match("^([ \t]*)(.-)%s*$")
  local column = 0
  for blank in blanks:gmatch(".") do
    column = blank == "\t" and column + 4 - column % 4 or column + 1
  end
  return column, text
end

--- The column at which the text of a list item begins, and that text; nil if the text is no list item.
---@param column integer of its marker
---@param text string
---@return integer? column
---@return string? text
local function item(column, text)
  local marker, rest = text:match("^([-+*])(.*)$")
  if not marker then
    marker, rest = text:match("^(%d+[.)])(.*)$")
  end
  local mark = vim.pesc(text:sub(1, 1))
  local is_break = marker and text:find("^[" .. mark .. " \t]+$") and select(2, text:gsub(mark, "")) >= 3
  if not marker or #marker > 10 or is_break or not rest:find("^[ \t]") and rest ~= "" then
    return nil
  end
  local after = column + #marker
  local text_column, inner = indented((" "):rep(after) .. rest)
  local blanks = text_column - after
  return after + (rest:find("%S") and blanks <= 4 and blanks or 1), inner
end

--- Finds the end of a fence: the closing fence, or without one the end of the list item around it or of the document.
---@param lines string[]
---@param first integer the opening fence
---@param base integer the column at which the text of the list item around it begins
---@param marks string
---@return integer last
---@return boolean is_closed
local function close(lines, first, base, marks)
  local closing = "^" .. vim.pesc(marks) .. marks:sub(1, 1) .. "*$"
  for row = first + 1, #lines do
    if base > 0 or lines[row]:find(marks, 1, true) then
      local column, text = indented(lines[row])
      if text ~= "" and column < base then
        return row - 1, false
      elseif column - base < 4 and text:find(closing) then
        return row, true
      end
    end
  end
  return #lines, false
end

--- The first line after YAML at the top.
---@param lines string[]
---@return integer
local function after_header(lines)
  if lines[1] and lines[1]:find("^%-%-%-%s*$") then
    for row = 2, #lines do
      if lines[row]:find("^%-%-%-%s*$") or lines[row]:find("^%.%.%.%s*$") then
        return row + 1
      end
    end
  end
  return 1
end

--- Fences are found as in CommonMark, also in list items. Those in quotes and in HTML are prose.
---@param lines string[]
---@return kernel_bridge.Fence[] in order
function M.of(lines)
  local found = {} ---@type kernel_bridge.Fence[]
  local items = {} ---@type integer[] the columns at which the text of the open list items begins
  local row = after_header(lines)
  while row <= #lines do
    local column, text = indented(lines[row])
    while text ~= "" and items[1] and column < items[#items] do
      items[#items] = nil
    end
    local base = items[#items] or 0
    while column - base < 4 do
      local text_column, inner = item(column, text)
      if not text_column then
        break
      end
      base, column, text = text_column, text_column, inner
      items[#items + 1] = base
    end
    local next_row = row + 1
    if column - base < 4 and text:find("^[`~<]") then
      local marks, info = text:match("^(```+)([^`]*)$")
      if not marks then
        marks, info = text:match("^(~~~+)(.*)$")
      end
      if marks then
        local last, is_closed = close(lines, row, base, marks)
        local language = language_of(vim.trim(info))
        if language then
          found[#found + 1] = { first = row, last = last, is_closed = is_closed, language = language }
        end
        next_row = last + 1
      end
      for _, block in ipairs(HTML) do
        if text:lower():find(block[1]) then
          while not text:lower():find(block[2]) and next_row <= #lines do
            text, next_row = lines[next_row], next_row + 1
          end
          break
        end
      end
    end
    row = next_row
  end
  return found
end

return M
