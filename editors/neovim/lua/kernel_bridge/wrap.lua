--- Prepares text for virtual lines, which Neovim does not wrap: expands tabs and wraps lines.

local M = {}

local LONGEST = 4096 -- bytes of one line to show

--- Cuts a line to LONGEST at a character boundary.
---@param line string
---@return string
function M.clip(line)
  if #line <= LONGEST then
    return line
  end
  local stop = LONGEST
  while stop > 0 and line:byte(stop + 1) >= 128 and line:byte(stop + 1) < 192 do
    stop = stop - 1
  end
  return line:sub(1, stop) .. "…"
end

--- Wraps pieces of text to a width in cells.
---@param pieces [string, any][]
---@param width integer
---@return [string, any][][] rows at least one
function M.rows(pieces, width)
  local rows, row, used = {}, {}, 0
  local function put(text, group, cells)
    if text ~= "" then
      row[#row + 1] = { text, group }
      used = used + cells
    end
  end
  local function turn()
    rows[#rows + 1] = row
    row, used = {}, 0
  end
  for _, piece in ipairs(pieces) do
    local text, group = piece[1], piece[2]
    if text:find("\t", 1, true) then
      local parts, column = {}, used
      for part, tab in text:gmatch("([^\t]*)(\t?)") do
        parts[#parts + 1] = part
        column = column + vim.api.nvim_strwidth(part)
        if tab ~= "" then
          local spaces = 8 - column % 8
          parts[#parts + 1] = (" "):rep(spaces)
          column = column + spaces
        end
      end
      text = table.concat(parts)
    end
    local cells = #text
    if text:find("[\128-\255]") then
      cells = vim.api.nvim_strwidth(text)
    end
    if used + cells <= width then
      put(text, group, cells)
    else
      local start = 1
      local at = 1
      local wide = used
      while at <= #text do
        local byte = text:byte(at)
        local bytes = byte < 128 and 1 or byte < 224 and 2 or byte < 240 and 3 or 4
        local character = byte < 128 and 1 or vim.api.nvim_strwidth(text:sub(at, at + bytes - 1))
        if wide + character > width and wide > 0 then
          put(text:sub(start, at - 1), group, 0)
          turn()
          start, wide = at, 0
        end
        wide = wide + character
        at = at + bytes
      end
      put(text:sub(start), group, wide)
      used = wide
    end
  end
  turn()
  return rows
end

return M
