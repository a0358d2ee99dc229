--- Cell boundaries for motions and text objects, which cannot wait for the server. The server decides what runs.

local defined = require("kernel_bridge.defined")
local fences = require("kernel_bridge.fences")
local quoting = require("kernel_bridge.quoting")
local vocabulary = require("kernel_bridge.vocabulary")

local M = {}

--- A cell; 1-based lines, inclusive. A body without lines has `body_last` < `body_first`.
---@class kernel_bridge.Cell
---@field first integer its marker or opening fence, if it has one
---@field last integer
---@field body_first integer
---@field body_last integer
---@field language? string of a fence
---@field is_defined? boolean by the user, in place of what the server finds there

--- Whether a line begins a cell by the server's rules: a comment with %% and a blank, a bracket or nothing after it
--- (`# %%time` is a magic), or a marker of nbconvert or an old IPython.
---@param line string
---@param comments string[] comment prefixes of the language
---@return boolean
local function is_marker(line, comments)
  for _, comment in ipairs(comments) do
    local blanks = comment:sub(-1) == "%" and "[ \t]+" or "[ \t]*" -- lines of percent signs are decoration
    local _, at = line:find("^[ \t\f]*" .. vim.pesc(comment) .. blanks)
    local text = at and line:sub(at + 1) or ""
    if
      text:find("^%%%%+$")
      or text:find("^%%%%+[%s%[]")
      or text:find("^In%[[0-9 ]*%]:?%s*$")
      or text:find("^<%l+cell>%s*$")
    then
      return true
    end
  end
  return false
end

---@param lines string[]
---@param comments string[]
---@param is_python boolean
---@return kernel_bridge.Cell[] that cover the document
local function percent_cells(lines, comments, is_python)
  local markers = {} ---@type integer[]
  for row, line in ipairs(lines) do
    local may_be = line:find("%%", 1, true) or line:find("In[", 1, true) or line:find("cell>", 1, true)
    if may_be and is_marker(line, comments) then
      markers[#markers + 1] = row
    end
  end
  local quoted = is_python and markers[1] and quoting.rows(lines) or {}
  local found = { { first = 1, last = #lines, body_first = 1, body_last = #lines } }
  for _, row in ipairs(markers) do
    if not quoted[row] then
      local last = found[#found]
      last.last, last.body_last = row - 1, row - 1
      found[row == 1 and 1 or #found + 1] =
        { first = row, last = #lines, body_first = row + 1, body_last = #lines }
    end
  end
  return found
end

--- Whether a buffer's document is prose with code in fences.
---@param bufnr integer
---@return boolean
function M.is_fenced(bufnr)
  return vocabulary.fenced[vim.bo[bufnr].filetype] ~= nil
end

---@param fence kernel_bridge.Fence
---@return kernel_bridge.Cell
local function fenced_cell(fence)
  return {
    first = fence.first,
    last = fence.last,
    body_first = fence.first + 1,
    body_last = fence.is_closed and fence.last - 1 or fence.last,
    language = fence.language,
  }
end

--- The cells of a buffer, for a statusline that asks at each redraw.
local latest = { bufnr = 0, tick = 0, filetype = "", cells = {} }

---@param bufnr integer
---@return kernel_bridge.Cell[] in order
local function found_in(bufnr)
  local tick, filetype = vim.api.nvim_buf_get_changedtick(bufnr), vim.bo[bufnr].filetype
  if latest.bufnr ~= bufnr or latest.tick ~= tick or latest.filetype ~= filetype then
    local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
    local found = M.is_fenced(bufnr) and vim.tbl_map(fenced_cell, fences.of(lines))
      or percent_cells(lines, vocabulary.comments[filetype] or { "#" }, filetype == "python")
    latest = { bufnr = bufnr, tick = tick, filetype = filetype, cells = found }
  end
  return latest.cells
end

--- The last one that contains a line: a cell that the user defined is inside of another.
---@param list kernel_bridge.Cell[]
---@param line integer 1-based
---@return kernel_bridge.Cell?
local function containing(list, line)
  for index = #list, 1, -1 do
    local cell = list[index]
    if cell.first <= line and line <= cell.last then
      return cell
    end
  end
end

---@param bufnr integer
---@return kernel_bridge.Cell[] in order
function M.of(bufnr)
  bufnr = bufnr == 0 and vim.api.nvim_get_current_buf() or bufnr
  local found, own = found_in(bufnr), defined.of(bufnr)
  if #own == 0 then
    return found
  end
  local all = vim.list_slice(found)
  for _, one in ipairs(own) do
    all[#all + 1] = {
      first = one.first,
      last = one.last,
      body_first = one.first,
      body_last = one.last,
      language = (containing(found, one.first) or {}).language,
      is_defined = true,
    }
  end
  table.sort(all, function(one, other)
    return one.first < other.first or one.first == other.first and one.last > other.last
  end)
  return all
end

--- The cell that contains a line; nil between fences.
---@param bufnr integer
---@param line integer 1-based
---@return kernel_bridge.Cell?
function M.at(bufnr, line)
  return containing(M.of(bufnr), line)
end

--- The line under which a result is drawn if fences are to stay whole: the closing fence, for code that ends the cell.
---@param bufnr integer
---@param last integer the last line of the code, 0-based
---@return integer 0-based
function M.below(bufnr, last)
  local cell = M.is_fenced(bufnr) and M.at(bufnr, last + 1)
  if
    not cell or table.concat(vim.api.nvim_buf_get_lines(bufnr, last + 1, cell.body_last, false)):find("%S")
  then
    return last
  end
  return cell.last - 1
end

--- The first line of a cell's code, or its last line if it has none.
---@param cell kernel_bridge.Cell
---@return integer
local function code_line(cell)
  return math.min(cell.body_first, cell.last)
end

--- Moves the cursor by some cells, to the first line of code. Returns false if there is no cell to move to.
---@param count integer forward, or backward when negative
---@return boolean
function M.jump(count)
  local line = vim.api.nvim_win_get_cursor(0)[1]
  local found = M.of(0)
  local above, here = 0, nil -- cells that begin above the cursor, and the one that it is in
  for index, cell in ipairs(found) do
    if cell.first <= line then
      above, here = index, line <= cell.last and index or nil
    end
  end
  local goal = (here or above + (count < 0 and 1 or 0)) + count
  goal = math.max(1, math.min(#found, goal))
  if #found == 0 or goal == here or (not here and (count > 0) == (goal <= above)) then
    return false
  end
  vim.cmd("normal! m'")
  vim.api.nvim_win_set_cursor(0, { code_line(found[goal]), 0 })
  return true
end

--- Moves the cursor to a cell of the current buffer. Returns false if there is none.
---@param number integer 1 for the first; at most the last
---@return boolean
function M.go(number)
  local found = M.of(0)
  local goal = found[math.max(1, math.min(#found, number))]
  if goal then
    vim.cmd("normal! m'")
    vim.api.nvim_win_set_cursor(0, { code_line(goal), 0 })
  end
  return goal ~= nil
end

--- Selects the cell at the cursor, for a text object.
---@param around boolean include the marker and trailing blank lines, or the fences
function M.select(around)
  local cell = M.at(0, vim.api.nvim_win_get_cursor(0)[1])
  if not cell then
    return
  end
  local first, last = cell.first, cell.last
  if not around then
    first, last = cell.body_first, cell.body_last
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
