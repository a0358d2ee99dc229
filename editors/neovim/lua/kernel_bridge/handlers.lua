--- Dispatches the server's messages. Only this module knows both the modules that keep tables and those that draw:
--- it subscribes the latter to the former.

local displays = require("kernel_bridge.displays")
local expected = require("kernel_bridge.expected")
local output_buffer = require("kernel_bridge.output_buffer")
local problems = require("kernel_bridge.problems")
local prompt = require("kernel_bridge.prompt")
local session = require("kernel_bridge.session")
local sheets = require("kernel_bridge.sheets")
local vocabulary = require("kernel_bridge.vocabulary")
local terminal = require("kernel_bridge.images.terminal")

require("kernel_bridge.highlights") -- defines what they draw with

local M = {}

--- Draws a run with `draw`, if it has a place in a buffer.
---@param draw fun(place: kernel_bridge.Place)
---@param entry kernel_bridge.RunEntry
local function draw_at_place(draw, entry)
  local place = sheets.place(entry.run.id)
  if place then
    draw(place)
  end
end

session.on("kernel", function(kernel)
  if kernel.state == "starting" then
    expected.starting(kernel.displayName)
  end
  vim.cmd.redrawstatus({ bang = true })
end)

session.on("bound", function()
  vim.cmd.redrawstatus({ bang = true })
end)

session.on("run", function(entry, is_new)
  if vocabulary.ends[entry.run.state] then
    prompt.ended(entry.run.id)
  end
  if is_new and entry.bufnr and entry.run.range then
    sheets.add(entry, { range = entry.run.range, version = entry.run.textDocument.version or 0 })
  else
    draw_at_place(displays.draw, entry)
  end
  if sheets.place(entry.run.id) then
    if entry.run.state == "running" then
      displays.tick()
    elseif entry.run.state == "error" then
      problems.show(entry)
    end
  end
  output_buffer.touch(entry)
end)

session.on("output", function(entry)
  draw_at_place(displays.touch, entry)
  output_buffer.touch(entry)
end)

session.on("asks", function(entry)
  draw_at_place(displays.draw, entry)
  vim.cmd.redrawstatus({ bang = true })
end)

sheets.on("placed", function(place)
  displays.draw(place)
  problems.diagnose(place.entry)
end)

sheets.on("changed", function(place)
  displays.touch(place)
  if place.removed then
    problems.clear(place.entry)
  end
end)

sheets.on("left", function(place, successor)
  displays.remove(place, successor)
  problems.clear(place.entry)
  if successor then
    output_buffer.follow(place.entry, successor.entry)
  end
  session.retire(place.entry.run.id)
end)

terminal.on("change", function()
  displays.redraw()
  output_buffer.redraw()
end)

---@param params kernel_bridge.KernelNotification
---@param client_id integer
function M.kernel(params, client_id)
  session.kernel(params.kernel, client_id)
end

---@param params kernel_bridge.RunNotification
---@param client_id integer
function M.run(params, client_id)
  session.run(params.run, client_id)
end

M.output = session.output
M.stdin = prompt.ask
M.cancel = prompt.withdraw
M.exit = session.server_ended

return M
