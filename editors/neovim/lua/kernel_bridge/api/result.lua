--- Lua API: the results in a buffer.

local client = require("kernel_bridge.client")
local copy = require("kernel_bridge.copy")
local here = require("kernel_bridge.here")
local media = require("kernel_bridge.media")
local output_buffer = require("kernel_bridge.output_buffer")
local prompt = require("kernel_bridge.prompt")
local session = require("kernel_bridge.session")
local terminal = require("kernel_bridge.images.terminal")

---@class kernel_bridge.Api
local M = {}

--- Removes the run at the cursor from the queue, or interrupts it.
---@param opts? kernel_bridge.At
function M.cancel(opts)
  local entry = here.entry(opts)
  if entry then
    client.command(here.buffer(opts), "cancelRun", { runId = entry.run.id })
  end
end

---@class kernel_bridge.Answer: kernel_bridge.At
---@field text? string default: ask for it

--- Answers the input() of the buffer's kernel.
---@param opts? kernel_bridge.Answer
function M.answer(opts)
  local kernel = session.kernel_of(here.buffer(opts))
  prompt.answer(kernel and kernel.id, opts and opts.text)
end

--- Inserts what the kernel proposes as its next input after the run at the cursor, such as the code that %load read.
---@param opts? kernel_bridge.At
function M.insert(opts)
  local entry = here.entry(opts)
  if not entry then
    return
  elseif not entry.run.nextInput then
    return client.notify("the kernel proposes no next input here", vim.log.levels.WARN)
  end
  client.command(here.buffer(opts), "insertNextInput", { runId = entry.run.id }, function(failed)
    if not failed then
      session.inserted(entry.run.id)
    end
  end)
end

--- Opens the whole output of the run at the cursor.
---@param opts? kernel_bridge.At
function M.output(opts)
  local entry = here.entry(opts)
  if entry then
    output_buffer.open(entry)
  end
end

--- Opens the images and pages of the run at the cursor in the system's viewer or browser.
---@param opts? kernel_bridge.At
function M.open(opts)
  local entry = here.entry(opts)
  if not entry then
    return
  end
  local found = vim.tbl_filter(media.openable, entry.outputs)
  for _, output in ipairs(found) do
    media.open(entry, output)
  end
  if #found == 0 then
    client.notify("this run has only text; :KernelBridge output opens it", vim.log.levels.WARN)
  end
end

---@class kernel_bridge.Copy: kernel_bridge.At
---@field register? string default: |v:register|
---@field run? string id of a run; default: the one at the cursor

--- Copies the text of a run into a register.
---@param opts? kernel_bridge.Copy
function M.copy(opts)
  local entry
  if opts and opts.run then
    entry = session.entry(opts.run) or client.notify("no such run: " .. opts.run, vim.log.levels.ERROR)
  else
    entry = here.entry(opts)
  end
  if entry then
    copy.copy(entry, opts and opts.register or vim.v.register)
  end
end

--- Draws the screen and its pictures again. Asks the terminal again what it can draw.
function M.redraw()
  terminal.ask()
  vim.cmd.mode()
end

return M
