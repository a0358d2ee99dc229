--- Markdown as highlighted lines, by Neovim's own parser.

local latex = require("kernel_bridge.latex")

local M = {}

local LARGEST = 65536 -- bytes to parse; a longer text is not highlighted

--- Captures that name no highlight group.
local SILENT = { spell = true, nospell = true, conceal = true, none = true }

--- A highlighted or hidden part of a line, in bytes.
---@class kernel_bridge.Span
---@field first integer
---@field last integer exclusive
---@field group? string
---@field shown? string the text to show instead

--- The spans of each line, outer ones first.
---@param source string
---@return table<integer, kernel_bridge.Span[]> by 0-based row
---@return table<integer, true> rows to hide, such as those with fences
function M.spans(source)
  local spans, hidden = vim.defaulttable(), {}
  local exists, parser = pcall(vim.treesitter.get_string_parser, source, "markdown")
  if #source > LARGEST or not exists then
    return spans, hidden
  end
  local lines = vim.split(source, "\n", { plain = true })
  local function add(range, group, shown)
    for row = range[1], math.min(range[3], #lines - 1) do
      local first = row == range[1] and range[2] or 0
      local last = row == range[3] and range[4] or #lines[row + 1]
      if first < last then
        table.insert(spans[row], { first = first, last = last, group = group, shown = shown })
      end
    end
  end
  parser:parse(true)
  parser:for_each_tree(function(tree, part)
    local query = vim.treesitter.query.get(part:lang(), "highlights")
    for id, node, metadata in query and query:iter_captures(tree:root(), source) or function() end do
      local name, own = query.captures[id], metadata[id] or {}
      local range = { node:range() }
      if metadata.conceal_lines or own.conceal_lines then
        for row = range[1], range[4] > 0 and range[3] or range[3] - 1 do
          hidden[row] = true
        end
      end
      if name:sub(1, 1) ~= "_" then
        local group = not SILENT[name] and ("@%s.%s"):format(name, part:lang()) or nil
        add(range, group, metadata.conceal or own.conceal)
      end
    end
    if part:lang() == "markdown_inline" then
      local formulas = vim.treesitter.query.parse("markdown_inline", "(latex_block) @formula")
      for _, node in formulas:iter_captures(tree:root(), source) do
        local range = { node:range() }
        if range[1] == range[3] then
          add(range, "@markup.math", latex.readable(vim.treesitter.get_node_text(node, source)))
        end
      end
    end
  end)
  return spans, hidden
end

--- One line as pieces with one group each, without what is hidden. The columns of tables stay aligned.
---@param line string
---@param spans kernel_bridge.Span[]
---@return [string, string?][]
local function pieces(line, spans)
  local edges = { [0] = true, [#line] = true }
  for _, span in ipairs(spans) do
    edges[span.first], edges[span.last] = true, true
  end
  local columns = vim.tbl_keys(edges)
  table.sort(columns)
  local list, is_table = {}, line:find("^%s*|") ~= nil
  for index = 1, #columns - 1 do
    local first, last = columns[index], columns[index + 1]
    local words, group = line:sub(first + 1, last), nil
    for _, span in ipairs(spans) do
      if span.first <= first and last <= span.last then
        group = span.group or group
        if span.shown then
          words = span.first == first and span.shown or ""
          words = is_table and words .. (" "):rep(last - first - #words) or words
        end
      end
    end
    if words ~= "" then
      list[#list + 1] = { words, group }
    end
  end
  return #list > 0 and list or { { "" } }
end

--- The lines as they are read: without marks of emphasis and fences.
---@param source string
---@return [string, string?][][]
function M.lines(source)
  source = source:gsub("\n+$", "")
  local spans, hidden = M.spans(source)
  local list = {}
  for index, line in ipairs(vim.split(source, "\n", { plain = true })) do
    if not hidden[index - 1] then
      list[#list + 1] = pieces(line, spans[index - 1])
    end
  end
  return list
end

return M
