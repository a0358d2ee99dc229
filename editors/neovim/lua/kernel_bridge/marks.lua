--- The status mark at the end of the last line of a run, and the sign at its first: count, time and state.

local ansi = require("kernel_bridge.ansi")
local config = require("kernel_bridge.config")
local kernel_text = require("kernel_bridge.kernel_text")
local media = require("kernel_bridge.media")
local plural = require("kernel_bridge.plural")
local session = require("kernel_bridge.session")
local times = require("kernel_bridge.times")
local wrap = require("kernel_bridge.wrap")

local M = {}

M.GROUPS = {
  queued = "KernelBridgeQueued",
  running = "KernelBridgeRunning",
  ok = "KernelBridgeOk",
  error = "KernelBridgeError",
  interrupted = "KernelBridgeEnded",
  aborted = "KernelBridgeEnded",
  cancelled = "KernelBridgeEnded",
  lost = "KernelBridgeEnded",
  detached = "KernelBridgeEnded",
}

--- The state to show: the server tells an error that an interrupt raised from others, and a run that was left on its
--- kernel from a lost one.
---@param run kernel_bridge.Run
---@return kernel_bridge.RunState|"interrupted"|"detached"
function M.state(run)
  if run.detached then
    return "detached"
  end
  return run.summary and run.summary.state == "interrupted" and "interrupted" or run.state
end

---@param entry kernel_bridge.RunEntry
---@param stale boolean its source was edited after the run
---@return string icon
---@return string group
function M.sign(entry, stale)
  local state = M.state(entry.run)
  return config.get().icons[state], stale and "KernelBridgeStale" or M.GROUPS[state]
end

--- How long a run has been running; nil during the first second.
---@param entry kernel_bridge.RunEntry
---@return string?
local function running_for(entry)
  local seconds = entry.running_since and (vim.uv.hrtime() - entry.running_since) / 1e9 or 0
  if entry.run.state == "running" and seconds >= 1 then
    return times.duration(seconds)
  end
end

--- Names the kernel of a run if it is not the buffer's.
---@param entry kernel_bridge.RunEntry
---@return string?
local function elsewhere(entry)
  local kernel = session.kernels()[entry.run.kernelId]
  local bound = entry.bufnr and session.bound(entry.bufnr) or {}
  if not kernel or #bound == 0 or vim.list_contains(bound, kernel) then
    return nil
  end
  local is_same_name = vim.iter(bound):any(function(other)
    return other.displayName == kernel.displayName
  end)
  return "· on " .. ansi.legible(is_same_name and kernel_text.id(kernel) or kernel.displayName)
end

--- The status mark: execution count, time and state. The words come from the server.
---@param entry kernel_bridge.RunEntry
---@param stale boolean
---@return [string, string][]
function M.chunks(entry, stale)
  local run = entry.run
  local summary = run.summary or { text = "", state = run.state }
  local icon, group = M.sign(entry, stale)
  local words = { icon }
  if run.executionCount then
    words[#words + 1] = ("[%d]"):format(run.executionCount)
  end
  words[#words + 1] = running_for(entry) or summary.duration
  if run.state == "running" and entry.asks then
    words[#words + 1] = "waiting for input"
  elseif summary.state ~= "ok" and summary.state ~= "error" then
    words[#words + 1] = summary.state
  end
  if summary.text ~= "" and run.state ~= "ok" and run.state ~= "error" then
    words[#words + 1] = "· " .. ansi.legible(summary.text)
  end
  words[#words + 1] = elsewhere(entry)
  if run.degraded then
    words[#words + 1] = "· the kernel did not report the end of the run"
  end
  if run.lostMessages then
    words[#words + 1] = ("· %s lost"):format(plural(run.lostMessages, "message"))
  end
  if run.missingBytes then
    words[#words + 1] = ("· %s missing from the history"):format(media.size(run.missingBytes))
  end
  if entry.recalled then
    words[#words + 1] = "· " .. times.day_and_time(run.queuedAt)
  end
  if stale then
    words[#words + 1] = "· edited since"
  end
  local chunks = { { "  " .. table.concat(words, " "), group } }
  if vim.iter(entry.outputs):any(media.is_page_too) then
    chunks[2] = { " · ▣ HTML", "KernelBridgeMedia" }
  end
  return chunks
end

--- Whether a mark fits after a line, in the line's last screen row.
---@param line string
---@param mark [string, any][]
---@param width integer text width of the window
---@return boolean
function M.fits(line, mark, width)
  local used = vim.fn.strdisplaywidth(line)
  if used > width then
    used = vim.o.wrap and (used - 1) % width + 1 or used
  end
  return used + 1 + wrap.width(mark) <= width -- the end of the line takes one column
end

return M
