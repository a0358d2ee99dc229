--- Prepares text for virtual lines, which Neovim does not wrap: expands tabs, and wraps or cuts lines.

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

--- Whether a line is part of a table or frame: one of Markdown, or drawn with box characters (U+2500 to U+257F).
---@param line string
---@return boolean
function M.is_framed(line)
  return line:find("^ *\226[\148\149]") ~= nil or line:find("^ *|.*| *$") ~= nil
end

--- Replaces tabs with spaces, as on a terminal.
---@param text string
---@param column integer where it begins, in cells
---@return string
local function expanded(text, column)
  if not text:find("\t", 1, true) then
    return text
  end
  local parts = {}
  for part, tab in text:gmatch("([^\t]*)(\t?)") do
    parts[#parts + 1] = part
    column = column + vim.api.nvim_strwidth(part)
    if tab ~= "" then
      local spaces = 8 - column % 8
      parts[#parts + 1] = (" "):rep(spaces)
      column = column + spaces
    end
  end
  return table.concat(parts)
end

---@param text string
---@return integer cells
local function width_of(text)
  return text:find("[\128-\255]") and vim.api.nvim_strwidth(text) or #text
end

--- The width of a row in cells.
---@param row [string, any][]
---@return integer
function M.width(row)
  local width = 0
  for _, piece in ipairs(row) do
    width = width + width_of(piece[1])
  end
  return width
end

--- The bytes of a text that fill at most `cells`, at least one character if the row is empty.
---@param text string
---@param start integer
---@param cells integer
---@param is_empty boolean
---@return integer stop the last byte
---@return integer used cells
local function fill(text, start, cells, is_empty)
  local at, used = start, 0
  while at <= #text do
    local byte = text:byte(at)
    local bytes = byte < 128 and 1 or byte < 224 and 2 or byte < 240 and 3 or 4
    local character = byte < 128 and 1 or vim.api.nvim_strwidth(text:sub(at, at + bytes - 1))
    if used + character > cells and (used > 0 or not is_empty) then
      break
    end
    used, at = used + character, at + bytes
  end
  return at - 1, used
end

--- Pieces of text as one row.
---@param pieces [string, any][]
---@return [string, any][]
function M.line(pieces)
  local row, used = {}, 0
  for _, piece in ipairs(pieces) do
    local text = expanded(piece[1], used)
    if text ~= "" then
      row[#row + 1] = { text, piece[2] }
      used = used + width_of(text)
    end
  end
  return row
end

--- Cuts a row to a width, with an ellipsis in its last cell.
---@param row [string, any][]
---@param width integer
function M.cut(row, width)
  local used = 0
  for index, piece in ipairs(row) do
    local cells = width_of(piece[1])
    if used + cells >= width then
      local stop = fill(piece[1], 1, width - 1 - used, false)
      row[index] = { piece[1]:sub(1, stop), piece[2] }
      for surplus = #row, index + 1, -1 do
        row[surplus] = nil
      end
      row[#row + 1] = { "…", "KernelBridgeMore" }
      return
    end
    used = used + cells
  end
end

--- Wraps pieces of text to a width in cells.
---@param pieces [string, any][]
---@param width integer
---@return [string, any][][] rows at least one
function M.rows(pieces, width)
  local rows, row, used = {}, {}, 0
  for _, piece in ipairs(M.line(pieces)) do
    local text, start = piece[1], 1
    local cells = width_of(text)
    while start <= #text and used + cells > width do
      local stop, filled = fill(text, start, width - used, used == 0)
      if stop >= start then
        row[#row + 1] = { text:sub(start, stop), piece[2] }
      end
      rows[#rows + 1] = row
      row, used, start, cells = {}, 0, stop + 1, cells - filled
    end
    if start <= #text then
      row[#row + 1] = { text:sub(start), piece[2] }
      used = used + cells
    end
  end
  rows[#rows + 1] = row
  return rows
end

return M
