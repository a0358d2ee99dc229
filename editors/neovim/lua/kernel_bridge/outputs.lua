--- The outputs of one run. Applies the server's changes in order and makes no decisions.

local text = require("kernel_bridge.text")

local M = {}

--- An output as on the wire, except that the text of a stream is in `stream`. A replaced output is a new table.
---@class kernel_bridge.KeptOutput
---@field output_type "stream"|"display_data"|"execute_result"|"error"
---@field name? "stdout"|"stderr"
---@field stream? kernel_bridge.Text
---@field elided? kernel_bridge.Elided
---@field data? table<string, any>
---@field metadata? table
---@field execution_count? integer
---@field ename? string
---@field evalue? string
---@field traceback? string[]

---@param output kernel_bridge.Output
---@return kernel_bridge.KeptOutput
function M.keep(output)
  if output.output_type == "stream" then
    output.stream = text.new(output.text)
    output.text = nil
  end
  return output --[[@as kernel_bridge.KeptOutput]]
end

--- Applies changes to a list of outputs, as specified in docs/protocol.md.
---@param outputs kernel_bridge.KeptOutput[]
---@param changes kernel_bridge.Change[]
---@return boolean known false if a kind is unknown or an index is missing; the caller then requests getRun
function M.apply(outputs, changes)
  for _, change in ipairs(changes) do
    local kind = change.kind
    local output = change.index and outputs[change.index + 1]
    if change.index and not output then
      return false
    end
    if kind == "text" then
      text.add(output.stream, change.text)
    elseif kind == "line" then
      text.replace_last(output.stream, change.text)
    elseif kind == "elide" then
      output.elided = { omitted = change.omitted, tail = change.tail, lines = change.lines }
    elseif kind == "append" then
      outputs[#outputs + 1] = M.keep(change.output)
    elseif kind == "replace" then
      outputs[change.index + 1] = M.keep(change.output)
    elseif kind == "clear" then
      for index = #outputs, 1, -1 do
        outputs[index] = nil
      end
    else
      return false
    end
  end
  return true
end

--- Whether a text only names an object: of IPython.display's classes, with an address, or a chart of Altair or Plotly.
---@param plain string
---@return boolean
local function names_only(plain)
  local name = plain:match("^<[^<>\n]+>$") or plain:match("^(<[^<>\n]+>)\n\n")
  return name ~= nil and (name:find(" object>$") or name:find(" at 0x%x+>$")) ~= nil
    or plain:find("^%a*Figure[%a]*%({") ~= nil
end

--- The number of lines of a stream, with those that the server left out.
---@param output kernel_bridge.KeptOutput
---@return integer
function M.line_count(output)
  local elided = output.elided
  if not elided then
    return text.count(output.stream)
  end
  local tail = text.new(elided.tail)
  return output.stream.newlines + (elided.lines or tail.newlines) + (tail.last == "" and 0 or 1)
end

--- The MIME type of the entry that is shown as text; nil if none is.
---@param output kernel_bridge.KeptOutput
---@return string?
function M.text_mime(output)
  local plain = output.data["text/plain"]
  local is_opaque = type(plain) == "string" and names_only(plain)
  for _, mime in ipairs({ is_opaque and "text/markdown" or "text/plain", "text/markdown", "text/latex" }) do
    if type(output.data[mime]) == "string" then
      return mime
    end
  end
  if output.data["application/json"] ~= nil then
    return "application/json"
  end
  return is_opaque and vim.tbl_count(output.data) == 1 and "text/plain" or nil
end

--- The text of an output, including escape sequences, without what the server left out; nil if it has none.
---@param output kernel_bridge.KeptOutput
---@return string?
function M.text(output)
  if output.stream then
    return text.whole(output.stream)
  elseif output.traceback then
    if #output.traceback == 0 then
      return ("%s: %s"):format(output.ename, output.evalue)
    end
    return table.concat(output.traceback, "\n")
  end
  local mime = M.text_mime(output)
  local value = mime and output.data[mime]
  return mime == "application/json" and vim.json.encode(value) or value
end

return M
