--- The lines of Python that begin inside a string or brackets. What looks like a cell marker there is text.
---
--- The rules are those of the server: a string or bracket that is never closed ends on its line, so that an error in
--- one cell leaves the other cells as they are.

local M = {}

local MOST_RESTARTS = 100 -- after something that is never closed, the scan starts again
local CLOSES = { [")"] = "(", ["]"] = "[", ["}"] = "{" }

--- Words that occur in no expression: brackets around a line that starts with one are never closed.
local WORDS = "def class import return raise with while try assert del global nonlocal pass break continue except"
  .. " finally elif"
local STATEMENTS = {} ---@type table<string, true>
for word in WORDS:gmatch("%a+") do
  STATEMENTS[word] = true
end

---@param line string
---@return boolean
local function is_statement(line)
  local word, rest = line:match("^%s*(%a+)(.*)$")
  return word ~= nil
    and (
      (STATEMENTS[word] and not rest:find("^[%w_]"))
      or (word == "async" and rest:find("^%s+def%f[^%w_]") ~= nil)
      or (word == "from" and rest:find("^%s+[%w_.]+%s+import%f[^%w_]") ~= nil)
    )
end

--- The position after the quotes that close a string; nil if the line does not close it.
---@param line string
---@param quotes string one or three
---@param at integer
---@return integer?
local function after(line, quotes, at)
  local either = "[\\" .. quotes:sub(1, 1) .. "]"
  while true do
    local found = line:find(either, at)
    if not found then
      return nil
    elseif line:sub(found, found) == "\\" then
      at = found + 2
    elseif line:sub(found, found + #quotes - 1) == quotes then
      return found + #quotes
    else
      at = found + 1
    end
  end
end

---@param brackets {opens: string, row: integer}[]
---@param opens string
local function close(brackets, opens)
  for index = #brackets, 1, -1 do
    if brackets[index].opens == opens then
      for last = #brackets, index, -1 do
        brackets[last] = nil
      end
      return
    end
  end
end

---@param lines string[]
---@return table<integer, true> rows 1-based
function M.rows(lines)
  local quoted, row, restarts = {}, 1, 0
  local brackets = {} ---@type {opens: string, row: integer}[]
  local quotes, quotes_row = nil, 0 -- of the string that the line begins in
  while row <= #lines or quotes or brackets[1] do
    local line = lines[row]
    local is_lost = not line or (brackets[1] and not quotes and is_statement(line))
    if is_lost then
      local opened = quotes and quotes_row or brackets[1].row
      for later = opened + 1, row - 1 do
        quoted[later] = nil
      end
      if restarts == MOST_RESTARTS then
        return quoted
      end
      row, quotes, brackets, restarts = opened + 1, nil, {}, restarts + 1
    else
      line = line:find("^%%%%") and "" or line
      local is_inside = brackets[1] and lines[row - 1]:sub(-1) ~= "\\"
      quoted[row] = (quotes or is_inside) and true or nil
      local at = 1 ---@type integer?
      if quotes then
        at = after(line, quotes, 1)
        if at then
          quotes = nil
        elseif #quotes == 1 and line:sub(-1) ~= "\\" then
          quotes, brackets = nil, {}
        end
      elseif not brackets[1] and line:find("^%s*[%%!]") and (lines[row - 1] or ""):sub(-1) ~= "\\" then
        at = nil -- a magic
      end
      while at do
        at = line:find("[\"'#()%[%]{}]", at)
        local char = at and line:sub(at, at)
        if not char or char == "#" then
          break
        elseif CLOSES[char] then
          close(brackets, CLOSES[char])
          at = at + 1
        elseif char ~= '"' and char ~= "'" then
          brackets[#brackets + 1] = { opens = char, row = row }
          at = at + 1
        else
          local mark = line:sub(at, at + 2) == char:rep(3) and char:rep(3) or char
          at = after(line, mark, at + #mark)
          if not at and (#mark == 3 or line:sub(-1) == "\\") then
            quotes, quotes_row = mark, row
          elseif not at then
            brackets = {} -- the string must end on this line
          end
        end
      end
      row = row + 1
    end
  end
  return quoted
end

return M
