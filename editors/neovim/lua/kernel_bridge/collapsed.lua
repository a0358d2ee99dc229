--- A result that the user has collapsed: one line that says what is hidden.

local config = require("kernel_bridge.config")
local media = require("kernel_bridge.media")
local outputs = require("kernel_bridge.outputs")
local plural = require("kernel_bridge.plural")
local text = require("kernel_bridge.text")

local M = {}

---@param output kernel_bridge.KeptOutput
---@return integer
local function line_count(output)
  if output.stream then
    return outputs.line_count(output)
  end
  local words = outputs.text(output)
  return words and text.count(text.new(words)) or 0
end

--- What the outputs of a run are, such as "24 lines, 1 picture".
---@param entry kernel_bridge.RunEntry
---@return string
local function described(entry)
  local lines, pictures, others = 0, 0, 0
  for _, output in ipairs(entry.outputs) do
    local count = media.picture(output) and 0 or line_count(output)
    lines = lines + count
    if media.picture(output) then
      pictures = pictures + 1
    elseif count == 0 then
      others = others + 1
    end
  end
  local parts = {}
  for noun, count in vim.spairs({ line = lines, picture = pictures, ["other output"] = others }) do
    if count > 0 then
      parts[#parts + 1] = plural(count, noun)
    end
  end
  return table.concat(parts, ", ")
end

--- The virtual line of a collapsed result.
---@param entry kernel_bridge.RunEntry
---@return [string, any][][]
function M.lines(entry)
  local words = ("▸ %s hidden · :KernelBridge toggle"):format(described(entry))
  return { { { config.get().virtual_lines.border, "KernelBridgeBorder" }, { words, "KernelBridgeMore" } } }
end

return M
