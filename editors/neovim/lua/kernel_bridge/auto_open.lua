--- Opens what a run produces without a command, where the `auto_open` options ask for it.

local config = require("kernel_bridge.config")
local media = require("kernel_bridge.media")
local output_buffer = require("kernel_bridge.output_buffer")

local M = {}

--- Whether the run was started from a buffer, and not by another program.
---@param entry kernel_bridge.RunEntry
---@return boolean
local function is_own(entry)
  return entry.bufnr ~= nil and entry.run.origin == "bridge"
end

--- Opens the output buffer beside the code, at the first output of a run.
---@param entry kernel_bridge.RunEntry
function M.output(entry)
  if config.get().auto_open.output and is_own(entry) and not entry.output_opened and #entry.outputs > 0 then
    entry.output_opened = true
    output_buffer.show(entry)
  end
end

--- Opens the pictures and pages of a run that has ended.
---@param entry kernel_bridge.RunEntry
function M.ended(entry)
  if entry.media_opened or entry.run.detached or not is_own(entry) then
    return
  end
  entry.media_opened = true
  local options, left = config.get().auto_open, config.get().images.max_count
  for _, output in ipairs(entry.outputs) do
    local is_picture = media.picture(output) ~= nil
    local is_page = not is_picture and media.openable(output) and not media.is_page_too(output)
    if left > 0 and ((is_picture and options.images) or (is_page and options.pages)) then
      left = left - 1
      media.open(entry, output)
    end
  end
end

return M
