--- The outputs of a run as segments, from which a result takes lines: text of either end, or a picture.

local ansi = require("kernel_bridge.ansi")
local config = require("kernel_bridge.config")
local markdown = require("kernel_bridge.markdown")
local media = require("kernel_bridge.media")
local outputs = require("kernel_bridge.outputs")
local plural = require("kernel_bridge.plural")
local text = require("kernel_bridge.text")

local M = {}

--- A line: terminal text, or pieces with one highlight group each.
---@alias kernel_bridge.Line string|[string, string?][]

--- A part of a run's outputs: lines of text, or one picture.
---@class kernel_bridge.Segment
---@field group? string
---@field table? boolean it has columns, so its lines are not wrapped
---@field count? integer number of lines
---@field head? fun(limit: integer): kernel_bridge.Line[]
---@field tail? fun(limit: integer): kernel_bridge.Line[]
---@field is_picture? boolean it is a picture, or the description of one
---@field rows? [string, any][][] virtual lines of the picture
---@field image? kernel_bridge.Image

---@param value kernel_bridge.Text
---@param group string
---@return kernel_bridge.Segment
local function of_text(value, group)
  return {
    group = group,
    count = text.count(value),
    head = function(limit)
      return text.head(value, limit)
    end,
    tail = function(limit)
      return text.tail(value, limit)
    end,
  }
end

---@param lines kernel_bridge.Line[]
---@param group string
---@return kernel_bridge.Segment
local function of_lines(lines, group)
  return {
    group = group,
    count = #lines,
    head = function(limit)
      return vim.list_slice(lines, 1, limit)
    end,
    tail = function(limit)
      return vim.list_slice(lines, #lines - limit + 1)
    end,
  }
end

--- A stream. Of a long one the server sends the beginning, the end, and how many lines both leave out.
---@param output kernel_bridge.KeptOutput
---@return kernel_bridge.Segment
local function of_stream(output)
  local segment =
    of_text(output.stream, output.name == "stderr" and "KernelBridgeStderr" or "KernelBridgeOutput")
  local elided = output.elided
  if elided then
    local tail = text.new(elided.tail)
    local whole = text.count(tail)
    if whole > 1 and elided.omitted > #elided.tail then
      whole = whole - 1 -- the tail begins in the middle of a line
    end
    segment.count = outputs.line_count(output)
    segment.tail = function(limit)
      return text.tail(tail, math.min(limit, whole))
    end
  end
  return segment
end

--- Removes the rule and the title from an IPython traceback. Its last line repeats the name of the error.
---@param words string
---@return string
local function without_title(words)
  local rule, title, rest = words:match("^([^\n]*)\n([^\n]*)\n(.*)$")
  if
    rule
    and ansi.plain(rule):find("^%-+$")
    and ansi.plain(title):find("Traceback %(most recent call last%)$")
  then
    return rest
  end
  return words
end

---@param list kernel_bridge.Segment[]
---@param output kernel_bridge.KeptOutput
---@param width integer
---@param changed fun()
local function add_bundle(list, output, width, changed)
  local shown = media.show(output, width, changed)
  if shown.rows then
    list[#list + 1] = { is_picture = true, rows = shown.rows, image = shown.image }
  elseif shown.text then
    local is_markdown = shown.mime == "text/markdown"
    output.lines = output.lines or (is_markdown and markdown.lines(shown.text)) or nil
    local group = "KernelBridgeOutput"
    list[#list + 1] = is_markdown and of_lines(output.lines, group) or of_text(text.new(shown.text), group)
    list[#list].table = media.is_table(output)
  end
  if shown.hint then
    list[#list + 1] = of_text(text.new(shown.hint), "KernelBridgeMedia")
    list[#list].is_picture = media.picture(output) ~= nil
  end
end

--- Replaces the pictures beyond `images.max_count` with how many they are.
---@param list kernel_bridge.Segment[]
---@return kernel_bridge.Segment[]
local function limited(list)
  local pictures, limit = 0, config.get().images.max_count
  for _, segment in ipairs(list) do
    pictures = pictures + (segment.is_picture and 1 or 0)
  end
  local surplus, kept, at = pictures - limit, {}, 0
  if surplus <= 0 then
    return list
  end
  local from = config.get().virtual_lines.keep == "tail" and 0 or limit
  for _, segment in ipairs(list) do
    at = at + (segment.is_picture and 1 or 0)
    if not segment.is_picture or at <= from or at > from + surplus then
      kept[#kept + 1] = segment
    elseif at == from + 1 then
      local words = ("⋯ %s · :KernelBridge output"):format(plural(surplus, "more picture"))
      kept[#kept + 1] = of_text(text.new(words), "KernelBridgeMore")
    end
  end
  return kept
end

---@param entry kernel_bridge.RunEntry
---@param width integer
---@param changed fun() called when an image becomes ready
---@return kernel_bridge.Segment[]
function M.of(entry, width, changed)
  local list = {}
  for _, output in ipairs(entry.outputs) do
    if output.stream then
      list[#list + 1] = of_stream(output)
    elseif output.traceback then
      list[#list + 1] = of_text(text.new(without_title(outputs.text(output))), "KernelBridgeOutput")
    else
      add_bundle(list, output, width, changed)
    end
  end
  list = limited(list)
  local function add_note(words)
    list[#list + 1] = of_text(text.new(words), "KernelBridgeMore")
  end
  if entry.asks then
    add_note(vim.trim(ansi.plain(entry.asks)) .. " ▏ · :KernelBridge answer")
  end
  if entry.run.nextInput then
    local lines = plural(text.count(text.new(entry.run.nextInput)), "line")
    add_note(("↳ the kernel proposes %s · :KernelBridge insert"):format(lines))
  end
  return list
end

return M
