--- Cell boundaries for motions and text objects, which cannot wait for the server. The server decides what runs.

local vocabulary = require("kernel_bridge.vocabulary")

local M = {}

--- Whether a line begins a cell by the server's rules: a comment with %%, or with In[3] as nbconvert writes it.
---@param line string
---@param comments string[] comment prefixes of the language
---@return boolean
local function is_marker(line, comments)
  for _, comment in ipairs(comments) do
    local blanks = comment:sub(-1) == "%" and "[ \t]+" or "[ \t]*" -- lines of percent signs are decoration
    local start = "^[ \t\f]*" .. vim.pesc(comment) .. blanks
    if line:find(start .. "%%%%") or line:find(start .. "In%[[0-9 ]*%]:?%s*$") then
      return true
    end
  end
  return false
end

---@param bufnr integer
---@return string[]
local function comments_of(bufnr)
  return vocabulary.comments[vim.bo[bufnr].filetype] or { "#" }
end

---@param bufnr integer
---@param row integer 1-based
---@return boolean
function M.is_marker_line(bufnr, row)
  local line = vim.api.nvim_buf_get_lines(bufnr, row - 1, row, false)[1]
  return line ~= nil and is_marker(line, comments_of(bufnr))
end

---@param bufnr integer
---@return integer[] first lines of cells, 1-based; always includes line 1
function M.starts(bufnr)
  local comments = comments_of(bufnr)
  local starts = { 1 }
  for number, line in ipairs(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)) do
    if
      number > 1
      and (line:find("%%", 1, true) or line:find("In[", 1, true))
      and is_marker(line, comments)
    then
      starts[#starts + 1] = number
    end
  end
  return starts
end

--- The cell that contains a line.
---@param bufnr integer
---@param line integer 1-based
---@return integer first
---@return integer last
---@return integer index
function M.at(bufnr, line)
  local starts = M.starts(bufnr)
  for index = #starts, 1, -1 do
    if starts[index] <= line then
      return starts[index], (starts[index + 1] or vim.api.nvim_buf_line_count(bufnr) + 1) - 1, index
    end
  end
  return 1, vim.api.nvim_buf_line_count(bufnr), 1
end

--- Moves the cursor by some cells, to the first line of code. Returns false if there is no cell to move to.
---@param count integer forward, or backward when negative
---@return boolean
function M.jump(count)
  local line = vim.api.nvim_win_get_cursor(0)[1]
  local starts = M.starts(0)
  local _, _, index = M.at(0, line)
  local goal = math.max(1, math.min(#starts, index + count))
  if goal == index then
    return false
  end
  vim.cmd("normal! m'")
  local row = starts[goal]
  local last = (starts[goal + 1] or vim.api.nvim_buf_line_count(0) + 1) - 1
  if goal > 1 or M.is_marker_line(0, row) then
    row = math.min(row + 1, last)
  end
  vim.api.nvim_win_set_cursor(0, { row, 0 })
  return true
end

--- Selects the cell at the cursor, for a text object.
---@param around boolean include the marker and trailing blank lines
function M.select(around)
  local first, last = M.at(0, vim.api.nvim_win_get_cursor(0)[1])
  if not around then
    if M.is_marker_line(0, first) then
      first = first + 1
    end
    while first < last and vim.fn.getline(first):match("^%s*$") do
      first = first + 1
    end
    while last > first and vim.fn.getline(last):match("^%s*$") do
      last = last - 1
    end
    if first > last or vim.fn.getline(first):match("^%s*$") then
      return
    end
  end
  if vim.fn.mode():match("^[vV\22]") then
    vim.cmd("normal! \27")
  end
  vim.cmd(("normal! %dGV%dG"):format(first, last))
end

return M
