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

--- The first line after a block that begins on a line, such as a comment.
---@param lines string[]
---@param first integer
---@param pattern string of its last line
---@return integer
local function after(lines, first, pattern)
  for row = first, #lines do
    if lines[row]:find(pattern) then
      return row + 1
    end
  end
  return #lines + 1
end

---@param lines string[]
---@return kernel_bridge.Fence[] in order
function M.of(lines)
  local found, in_list = {}, false
  local row = (lines[1] or ""):find("^%-%-%-%s*$") and after(lines, 2, "^[-.][-.][-.]%s*$") or 1
  row = row > #lines and 1 or row -- without an end, it is no header
  while row <= #lines do
    local line = lines[row]
    in_list = line:find("^%s*[-+*]%s") ~= nil
      or line:find("^%s*%d+[.)]%s") ~= nil
      or in_list and not line:find("^%S")
    local marks, info = line:match("^%s*[-+*]?[%d.)]*%s*(```+)%s*([^`]*)$")
    if not marks then
      marks, info = line:match("^%s*[-+*]?[%d.)]*%s*(~~~+)%s*(.*)$")
    end
    if marks and (in_list or not line:find("^ ? ? ?[ \t]%s*[`~]") or line:find("^ ? ? ?[`~]")) then
      local closing = "^%s*" .. vim.pesc(marks) .. marks:sub(1, 1) .. "*%s*$"
      local next_row = after(lines, row + 1, closing)
      local is_closed = next_row <= #lines or (#lines > row and lines[#lines]:find(closing) ~= nil)
      local language = language_of(vim.trim(info))
      if language then
        found[#found + 1] = { first = row, last = next_row - 1, is_closed = is_closed, language = language }
      end
      row = next_row
    elseif line:find("^%s*<!%-%-") then
      row = after(lines, row, "%-%->")
    else
      row = row + 1
    end
  end
  return found
end

return M
