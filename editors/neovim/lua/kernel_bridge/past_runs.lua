--- Past runs of a file: a list to choose from.

local client = require("kernel_bridge.client")
local output_buffer = require("kernel_bridge.output_buffer")
local picker = require("kernel_bridge.picker")
local session = require("kernel_bridge.session")
local times = require("kernel_bridge.times")

local M = {}

--- Opens the output of a run.
---@param bufnr integer
---@param run kernel_bridge.Run
local function open(bufnr, run)
  client.command(bufnr, "getRun", { runId = run.id }, function(_, got)
    local server = client.get(bufnr)
    if got and server then
      output_buffer.open(session.recall(got, server.id))
    end
  end)
end

---@param bufnr integer
---@param run kernel_bridge.Run
---@return kernel_bridge.Choice
local function to_open(bufnr, run)
  local first, more = vim.trim(run.source):match("([^\n]*)(\n?)")
  return {
    columns = {
      tostring(os.date("%Y-%m-%d %H:%M", times.epoch(run.queuedAt))),
      run.summary and run.summary.state or run.state,
      run.executionCount and ("[%d]"):format(run.executionCount) or "",
      first .. (more ~= "" and " …" or ""),
    },
    take = function()
      open(bufnr, run)
    end,
  }
end

--- Lets the user choose a past run of the file and opens its output.
---@param bufnr integer
---@param opts kernel_bridge.History
function M.choose(bufnr, opts)
  local argument = { textDocument = client.document(bufnr), text = opts.text, limit = opts.limit }
  client.command(bufnr, "history", argument, function(failed, result)
    if failed then
      return
    end
    if #result.runs == 0 then
      local matching = opts.text and (" with code that contains %q"):format(opts.text) or ""
      return client.notify("this file has no past runs" .. matching, vim.log.levels.WARN)
    end
    picker.pick(
      "Past runs:",
      vim.tbl_map(function(run)
        return to_open(bufnr, run)
      end, result.runs)
    )
  end)
end

return M
