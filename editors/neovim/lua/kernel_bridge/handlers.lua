--- Dispatches the server's messages. Only this module knows both the modules that keep tables and those that draw:
--- it subscribes the latter to the former.

local auto_open = require("kernel_bridge.auto_open")
local displays = require("kernel_bridge.displays")
local expected = require("kernel_bridge.expected")
local kept = require("kernel_bridge.kept")
local output_buffer = require("kernel_bridge.output_buffer")
local problems = require("kernel_bridge.problems")
local prompt = require("kernel_bridge.prompt")
local restore = require("kernel_bridge.restore")
local session = require("kernel_bridge.session")
local sheets = require("kernel_bridge.sheets")
local terminal = require("kernel_bridge.images.terminal")
local vocabulary = require("kernel_bridge.vocabulary")

require("kernel_bridge.highlights") -- defines what they draw with

local M = {}

--- Calls `show` if a run has a place in a buffer.
---@param show fun(place: kernel_bridge.Place)
---@param entry kernel_bridge.RunEntry
local function draw_at_place(show, entry)
  local place = sheets.place(entry.run.id)
  if place then
    show(place)
  end
end

---@param place kernel_bridge.Place
local function draw(place)
  displays.draw(place)
  if place.entry.run.state == "running" then
    displays.tick()
  end
end

session.on("kernel", function(kernel)
  if kernel.state == "starting" then
    expected.starting(kernel.displayName)
  end
  vim.cmd.redrawstatus({ bang = true })
end)

session.on("bound", function(bufnr, kernel)
  vim.cmd.redrawstatus({ bang = true })
  for _, place in ipairs(sheets.of(bufnr)) do
    displays.touch(place) -- it names its kernel if that is another one
  end
  if kernel.origin == "attached" then
    restore.opened(bufnr)
  end
end)

session.on("run", function(entry)
  if vocabulary.ends[entry.run.state] then
    prompt.ended(entry.run.id)
    auto_open.ended(entry)
  end
  draw_at_place(draw, entry)
  if entry.run.state == "error" and sheets.place(entry.run.id) then
    problems.show(entry)
  end
  output_buffer.touch(entry)
end)

session.on("output", function(entry)
  draw_at_place(displays.touch, entry)
  output_buffer.touch(entry)
  auto_open.output(entry)
end)

session.on("asks", function(entry)
  draw_at_place(displays.draw, entry)
  vim.cmd.redrawstatus({ bang = true })
end)

sheets.on("placed", function(place)
  draw(place)
  if not place.entry.recalled then -- an old error is not news
    problems.diagnose(place.entry)
  end
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

sheets.on("lost", restore.opened)

---@param params kernel_bridge.KernelNotification
---@param client_id integer
function M.kernel(params, client_id)
  session.kernel(params.kernel, client_id)
end

---@param params kernel_bridge.RunNotification
---@param client_id integer
function M.run(params, client_id)
  local is_known = session.entry(params.run.id) ~= nil
  session.run(params.run, client_id)
  local entry = session.entry(params.run.id)
  if not is_known and entry.bufnr and entry.run.range then
    restore.locate(entry)
  end
end

--- The server has opened a buffer.
---@param bufnr integer
function M.attached(bufnr)
  restore.opened(bufnr)
  kept.take_back(bufnr)
end

M.output = session.output
M.stdin = prompt.ask
M.cancel = prompt.withdraw
M.exit = session.server_ended

return M
