--- What the server has said: tables of kernels and runs. A notification updates a table, draws, and fires an event.

local displays = require("kernel_bridge.displays")
local expected = require("kernel_bridge.expected")
local outputs = require("kernel_bridge.outputs")
local sheets = require("kernel_bridge.sheets")

local M = {}

--- A run as this editor knows it.
---@class kernel_bridge.RunEntry
---@field run kernel_bridge.Run
---@field outputs kernel_bridge.KeptOutput[]
---@field seq integer of the last output notification that `outputs` contain
---@field client_id integer
---@field bufnr? integer where it came from
---@field running_since? integer uv.hrtime() when it began, as seen from here
---@field asks? boolean it waits for the answer to input()
---@field asked? boolean its outputs were asked for, since a notification was missed
---@field range_mark? integer extmark over its lines
---@field end_mark? integer extmark with its result
---@field sign_mark? integer
---@field first? integer lines that it stands on, as of the last edit
---@field last? integer
---@field snapshot? string what stood there when it ran
---@field stale? boolean the source has changed since
---@field removed? boolean all its lines were deleted
---@field before? [string, any][][] the result that it replaces, until there is a new one
---@field lines? [string, any][][] as last drawn
---@field drawn_at? integer uv.now()
---@field looking? boolean it will be seen what became of its source
---@field swept? boolean its lines were written anew with others
---@field revealed? integer virtual lines that have been scrolled to

local ENDS = { ok = true, error = true, aborted = true, cancelled = true, lost = true }
local UNSHOWN = 100 -- runs that stand in no buffer are kept with outputs up to this number

local kernels = {} ---@type table<string, kernel_bridge.Kernel>
local clients = {} ---@type table<string, integer> kernel id -> client
local bindings = {} ---@type table<string, string> document's uri -> kernel id
local runs = {} ---@type table<string, kernel_bridge.RunEntry>
local unshown = {} ---@type string[] ids, oldest first

---@param name "KernelBridgeKernel"|"KernelBridgeRun"|"KernelBridgeOutput"
---@param data table
local function fire(name, data)
  vim.api.nvim_exec_autocmds("User", { pattern = name, data = data, modeline = false })
end

---@param uri string
---@return integer? bufnr of a loaded buffer; none is made
local function buffer_of(uri)
  local bufnr = vim.fn.bufnr("^" .. vim.fn.escape(vim.uri_to_fname(uri), "\\*?[]{},^$") .. "$")
  if bufnr ~= -1 and vim.api.nvim_buf_is_loaded(bufnr) then
    return bufnr
  end
  for _, candidate in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(candidate) and vim.uri_from_bufnr(candidate) == uri then
      return candidate
    end
  end
end

-- What there is

---@return table<string, kernel_bridge.Kernel> by id
function M.kernels()
  return kernels
end

---@param run_id string
---@return kernel_bridge.RunEntry?
function M.entry(run_id)
  return runs[run_id]
end

--- The kernel of a buffer's document.
---@param bufnr integer
---@return kernel_bridge.Kernel?
function M.kernel_of(bufnr)
  local id = bindings[vim.uri_from_bufnr(bufnr)]
  return id and kernels[id]
end

---@param uri string
---@param kernel_id string?
function M.bind(uri, kernel_id)
  bindings[uri] = kernel_id
  vim.cmd.redrawstatus({ bang = true })
end

--- Runs that have not ended.
---@return kernel_bridge.RunEntry[]
local function running()
  return vim.tbl_filter(function(entry)
    return entry.run.state == "running"
  end, runs)
end

-- What comes

---@param kernel kernel_bridge.Kernel
---@param client_id integer
function M.kernel(kernel, client_id)
  kernels[kernel.id] = kernel
  clients[kernel.id] = client_id
  if kernel.state == "starting" then
    expected.starting(kernel.displayName)
  end
  vim.cmd.redrawstatus({ bang = true })
  fire("KernelBridgeKernel", { kernel = kernel })
end

--- Runs that stand in no buffer are forgotten some time.
---@param id string
function M.let_go(id)
  unshown[#unshown + 1] = id
  while #unshown > UNSHOWN do
    local oldest = table.remove(unshown, 1)
    local entry = runs[oldest]
    if entry and not entry.range_mark then
      runs[oldest] = nil
    end
  end
end

--- Where a new run stands.
---@param entry kernel_bridge.RunEntry
local function settle(entry)
  local document = entry.run.textDocument
  local bufnr = document and buffer_of(document.uri)
  if document then
    bindings[document.uri] = entry.run.kernelId
  end
  entry.bufnr = bufnr
  if not bufnr or not entry.run.range then
    return M.let_go(entry.run.id)
  end
  for _, other in ipairs(displays.add(entry)) do
    require("kernel_bridge.problems").clear(other)
    require("kernel_bridge.output_buffer").follow(other, entry)
    M.let_go(other.run.id)
  end
end

---@param run kernel_bridge.Run
---@param client_id integer
function M.run(run, client_id)
  local entry = runs[run.id]
  local is_new = entry == nil
  if entry then
    if entry.run.state == run.state or ENDS[entry.run.state] then
      entry.run = ENDS[entry.run.state] and not ENDS[run.state] and entry.run or run
      return -- told by the answer to `run` and by a notification
    end
    entry.run = run
  else
    entry = { run = run, outputs = {}, seq = 0, client_id = client_id }
    runs[run.id] = entry
  end
  if run.state == "running" and not entry.running_since then
    entry.running_since = vim.uv.hrtime()
  end
  if ENDS[run.state] then
    entry.before = nil
  end
  if is_new then
    settle(entry)
  end
  if entry.range_mark then
    displays.draw(entry)
    if run.state == "running" then
      displays.tick(running)
    end
    if run.state == "error" then
      require("kernel_bridge.problems").show(entry)
    end
  end
  require("kernel_bridge.output_buffer").touch(entry)
  fire("KernelBridgeRun", { run = run, bufnr = entry.bufnr })
end

--- Takes a run's outputs from the server as they stand.
---@param entry kernel_bridge.RunEntry
local function ask_outputs(entry)
  local client = vim.lsp.get_client_by_id(entry.client_id)
  if entry.asked or not client then
    return
  end
  entry.asked = true
  local argument = { runId = entry.run.id }
  client:request("workspace/executeCommand", {
    command = "kernel-bridge.getRun",
    arguments = { argument },
  }, function(failed, result)
    entry.asked = false
    if not failed then
      entry.outputs = vim.tbl_map(outputs.keep, result.run.outputs)
      entry.seq = result.seq
      M.changed(entry)
    end
  end)
end

--- Outputs have changed: they are drawn, and told of.
---@param entry kernel_bridge.RunEntry
function M.changed(entry)
  if entry.range_mark then
    displays.touch(entry)
  end
  require("kernel_bridge.output_buffer").touch(entry)
  fire(
    "KernelBridgeOutput",
    { runId = entry.run.id, kernelId = entry.run.kernelId, seq = entry.seq, bufnr = entry.bufnr }
  )
end

---@param params kernel_bridge.OutputNotification
function M.output(params)
  local entry = runs[params.runId]
  if not entry or entry.asked or params.seq <= entry.seq then
    return
  end
  if params.seq ~= entry.seq + 1 or not outputs.apply(entry.outputs, params.changes) then
    return ask_outputs(entry)
  end
  entry.seq = params.seq
  M.changed(entry)
end

--- The server has ended: nothing that was open will go on.
---@param client_id integer
function M.server_ended(client_id)
  for id, kernel in pairs(kernels) do
    if clients[id] == client_id and kernel.state ~= "dead" then
      local dead =
        vim.tbl_extend("force", kernel, { state = "dead", reason = "kernel-bridge has ended", queued = 0 })
      M.kernel(dead, client_id)
    end
  end
  for uri, id in pairs(bindings) do
    if clients[id] == client_id then
      bindings[uri] = nil
    end
  end
  for _, entry in pairs(runs) do
    if entry.client_id == client_id and not ENDS[entry.run.state] then
      local state = entry.run.state == "queued" and "cancelled" or "lost"
      M.run(
        vim.tbl_extend("force", entry.run, { state = state, reason = "kernel-bridge has ended" }),
        client_id
      )
    end
  end
end

--- A run with its outputs that was asked for, of this session or of the history.
---@param result kernel_bridge.GetRunResult
---@param client_id integer
---@return kernel_bridge.RunEntry
function M.recall(result, client_id)
  local entry = runs[result.run.id]
  if not entry then
    local kept = vim.tbl_map(outputs.keep, result.run.outputs or {})
    entry = { run = result.run, outputs = kept, seq = result.seq, client_id = client_id }
    runs[result.run.id] = entry
    M.let_go(result.run.id)
  end
  return entry
end

--- Takes all results out of a buffer.
---@param bufnr integer
function M.clear(bufnr)
  for _, entry in ipairs(sheets.of(bufnr)) do
    displays.remove(entry)
    require("kernel_bridge.problems").clear(entry)
    M.let_go(entry.run.id)
  end
end

return M
