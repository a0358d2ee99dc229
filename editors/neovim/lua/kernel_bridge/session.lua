--- Kernels and runs as reported by the server. A notification updates a table and fires an event; other modules draw.

local cells = require("kernel_bridge.cells")
local events = require("kernel_bridge.events")
local outputs = require("kernel_bridge.outputs")
local times = require("kernel_bridge.times")
local vocabulary = require("kernel_bridge.vocabulary")

local M = {}

--- A run and its outputs.
---@class kernel_bridge.RunEntry
---@field run kernel_bridge.Run
---@field outputs kernel_bridge.KeptOutput[]
---@field seq integer sequence number of the last output notification applied to `outputs`
---@field client_id integer
---@field bufnr? integer the buffer of its document, if one was loaded
---@field running_since? integer uv.hrtime() when the client learned that it is running
---@field asks? string the prompt of input(), while it waits for the answer
---@field output_opened? boolean its output buffer was opened without a command
---@field media_opened? boolean its pictures and pages were
---@field asked? boolean its outputs were requested, because notifications were missed
---@field synced boolean its output notifications continue `outputs`
---@field recalled? boolean it had ended before this session learned of it

--- Events: "kernel" (kernel), "bound" (bufnr, kernel), "run" (entry), "output" (entry), "asks" (entry).
local on, fire = events.new()
M.on = on

local RETIRED = 100 -- maximum number of runs to keep that no buffer shows

local kernels = {} ---@type table<string, kernel_bridge.Kernel>
local clients = {} ---@type table<string, integer> kernel ID -> client ID
local bindings = {} ---@type table<string, string[]> document URI -> kernel IDs, the newest binding first
local runs = {} ---@type table<string, kernel_bridge.RunEntry>
local retired = {} ---@type string[] run IDs, oldest first

--- Fires a |User| autocommand, for other plugins.
---@param name "KernelBridgeKernel"|"KernelBridgeRun"|"KernelBridgeOutput"
---@param data table
local function publish(name, data)
  vim.api.nvim_exec_autocmds("User", { pattern = name, data = data, modeline = false })
end

---@param uri string
---@return integer? bufnr nil if no buffer of the document is loaded
function M.buffer_of(uri)
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

-- Queries

---@return table<string, kernel_bridge.Kernel> by id
function M.kernels()
  return kernels
end

---@param run_id string
---@return kernel_bridge.RunEntry?
function M.entry(run_id)
  return runs[run_id]
end

--- The language of a kernel, by the name that a fence has.
---@param kernel_id string
---@return string?
local function language_of(kernel_id)
  local language = kernels[kernel_id] and kernels[kernel_id].language:lower()
  return vocabulary.fence_names[language] or language
end

--- The language of the fence at the cursor; nil in prose, and in documents of one language.
---@param bufnr integer
---@return string?
local function language_here(bufnr)
  local window = vim.api.nvim_get_current_buf() == bufnr and 0 or vim.fn.win_findbuf(bufnr)[1]
  local cell = window and cells.is_fenced(bufnr) and cells.at(bufnr, vim.api.nvim_win_get_cursor(window)[1])
  return cell and cell.language or nil
end

--- The kernel of a buffer's document. Of a document with fenced code, it is that of the fence at the cursor, or between
--- fences the one used last.
---@param bufnr integer
---@return kernel_bridge.Kernel?
function M.kernel_of(bufnr)
  local bound = bindings[vim.uri_from_bufnr(bufnr)]
  local language = bound and language_here(bufnr)
  for _, id in ipairs(bound or {}) do
    if not language or language_of(id) == language then
      return kernels[id]
    end
  end
end

--- Whether the server follows a kernel, or has followed it.
---@param kernel_id string
---@param client_id integer
---@return boolean
function M.has_followed(kernel_id, client_id)
  return clients[kernel_id] == client_id
end

--- Whether a kernel takes code: it is alive, and the server follows it.
---@param kernel kernel_bridge.Kernel
---@return boolean
function M.is_usable(kernel)
  return kernel.state ~= "dead" and kernel.origin ~= "found"
end

--- All kernels of a buffer's document: several, if it has code in several languages.
---@param bufnr integer
---@return kernel_bridge.Kernel[]
function M.bound(bufnr)
  return vim.tbl_map(function(id)
    return kernels[id]
  end, bindings[vim.uri_from_bufnr(bufnr)] or {})
end

---@param bufnr integer
---@param kernel_id string
---@return boolean
function M.is_bound(bufnr, kernel_id)
  return vim.list_contains(bindings[vim.uri_from_bufnr(bufnr)] or {}, kernel_id)
end

--- Binds a kernel to a document: for its language if the document has fenced code, else as its only one.
---@param uri string
---@param kernel_id string
local function bind(uri, kernel_id)
  local bufnr = M.buffer_of(uri)
  local others = bufnr and cells.is_fenced(bufnr) and bindings[uri] or {}
  bindings[uri] = vim.list_extend(
    { kernel_id },
    vim.tbl_filter(function(id)
      return id ~= kernel_id and language_of(id) ~= language_of(kernel_id)
    end, others)
  )
  if bufnr then
    fire("bound", bufnr, kernels[kernel_id])
  end
end

-- Updates

---@param kernel kernel_bridge.Kernel
---@param client_id integer
function M.kernel(kernel, client_id)
  local known = kernels[kernel.id]
  local before = known and known.origin ~= "found" and known.documents or {}
  kernels[kernel.id] = kernel
  clients[kernel.id] = client_id
  for _, uri in ipairs(kernel.origin ~= "found" and kernel.documents or {}) do
    if not vim.list_contains(before, uri) then
      bind(uri, kernel.id)
    end
  end
  fire("kernel", kernel)
  publish("KernelBridgeKernel", { kernel = kernel })
end

--- Marks a run as no longer shown by a buffer. At most RETIRED such runs that have ended are kept.
---@param id string
function M.retire(id)
  retired[#retired + 1] = id
  local oldest = #retired > RETIRED
    and vim.iter(ipairs(retired)):find(function(_, other)
      return runs[other] == nil or vocabulary.ends[runs[other].run.state]
    end)
  if oldest then
    runs[table.remove(retired, oldest)] = nil
  end
end

--- Adds a new run.
---@param run kernel_bridge.Run
---@param client_id integer
---@return kernel_bridge.RunEntry
local function add(run, client_id)
  local entry = { run = run, outputs = {}, seq = 0, client_id = client_id, synced = run.state == "queued" }
  local document = run.textDocument
  if document then
    entry.bufnr = M.buffer_of(document.uri)
  end
  runs[run.id] = entry
  if not entry.bufnr or not run.range then
    M.retire(run.id)
  end
  return entry
end

---@param run kernel_bridge.Run
---@return integer? running_since
local function running_since(run)
  local seconds = run.state == "running" and run.startedAt and os.time() - times.epoch(run.startedAt)
  return seconds and vim.uv.hrtime() - math.max(seconds, 0) * 1e9 or nil
end

--- Announces that the outputs of a run have changed.
---@param entry kernel_bridge.RunEntry
local function changed(entry)
  fire("output", entry)
  publish(
    "KernelBridgeOutput",
    { runId = entry.run.id, kernelId = entry.run.kernelId, seq = entry.seq, bufnr = entry.bufnr }
  )
end

--- Replaces a run's outputs with the server's.
---@param entry kernel_bridge.RunEntry
local function request_outputs(entry)
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
      entry.synced = true
      changed(entry)
    end
  end)
end

--- Whether a run may have continued without this client: it was lost, or was open when it was read from the history.
---@param entry kernel_bridge.RunEntry
---@return boolean
function M.is_outdated(entry)
  return entry.run.state == "lost" or not (entry.synced or vocabulary.ends[entry.run.state])
end

---@param run kernel_bridge.Run
---@param client_id integer
function M.run(run, client_id)
  local entry = runs[run.id]
  local before = entry and entry.run.state
  local was_over = before ~= "lost" and vocabulary.ends[before]
  if not entry then
    entry = add(run, client_id)
  elseif not was_over or vocabulary.ends[run.state] then
    entry.run, entry.client_id = run, client_id
  end
  local is_met = run.state == "running" and not entry.synced -- it has outputs that were not sent to this client
  if was_over or (before == run.state and not is_met) then
    return -- both the response to `run` and a notification report it
  end
  if run.state == "running" then
    entry.running_since = entry.running_since or (is_met and running_since(run) or vim.uv.hrtime())
  elseif run.state == "lost" then
    entry.synced = false
  end
  entry.recalled = entry.recalled and vocabulary.ends[run.state]
  if is_met then
    request_outputs(entry)
  end
  fire("run", entry)
  publish("KernelBridgeRun", { run = run, bufnr = entry.bufnr })
end

--- Records that a run waits for input(), or no longer does.
---@param run_id string
---@param asks? string the prompt
function M.asks(run_id, asks)
  local entry = runs[run_id]
  if entry then
    entry.asks = asks
    fire("asks", entry)
  end
end

--- Records that the proposal of a run is in its document.
---@param run_id string
function M.inserted(run_id)
  local entry = runs[run_id]
  if entry then
    entry.run.nextInput = nil
    fire("output", entry)
  end
end

---@param params kernel_bridge.OutputNotification
function M.output(params)
  local entry = runs[params.runId]
  if not entry or entry.asked or params.seq <= entry.seq then
    return
  end
  if params.seq ~= entry.seq + 1 or not outputs.apply(entry.outputs, params.changes) then
    return request_outputs(entry)
  end
  entry.seq = params.seq
  changed(entry)
end

--- Marks the kernels of a server that has exited as dead, and ends its open runs. Kernels that are kept, and their
--- runs, are only detached: the next server may take them back.
---@param client_id integer
function M.server_ended(client_id)
  local reason = "the server has exited"
  for id, kernel in pairs(kernels) do
    if clients[id] == client_id and M.is_usable(kernel) then
      local left = kernel.keepAlive and { origin = "found" } or { state = "dead", reason = reason }
      M.kernel(vim.tbl_extend("force", kernel, left, { queued = 0 }), client_id)
    end
  end
  for uri, bound in pairs(bindings) do
    bindings[uri] = vim.tbl_filter(function(id)
      return clients[id] ~= client_id
    end, bound)
  end
  for _, entry in pairs(runs) do
    if entry.client_id == client_id and not vocabulary.ends[entry.run.state] then
      local kernel = kernels[entry.run.kernelId]
      local is_kept = kernel ~= nil and kernel.keepAlive
      local state = entry.run.state == "queued" and not is_kept and "cancelled" or "lost"
      local ended = { state = state, reason = reason, detached = is_kept or nil }
      ended.summary = { state = is_kept and "detached" or state, text = reason }
      entry.asked = false -- the answer will not come
      M.run(vim.tbl_extend("force", entry.run, ended), client_id)
    end
  end
  for id, of in pairs(clients) do
    clients[id] = of ~= client_id and of or nil
  end
end

--- Adds a run that was requested from the server, from this session or from the history.
---@param result kernel_bridge.GetRunResult
---@param client_id integer
---@param bufnr? integer the buffer that is to show it
---@return kernel_bridge.RunEntry
function M.recall(result, client_id, bufnr)
  local run, id = result.run, result.run.id
  local is_known = runs[id] ~= nil
  local entry = runs[id] or { recalled = vocabulary.ends[run.state] }
  if not is_known or M.is_outdated(entry) then
    entry.run, entry.outputs, entry.seq = run, vim.tbl_map(outputs.keep, run.outputs or {}), result.seq
    entry.running_since = entry.running_since or running_since(run)
    entry.synced = false -- if it is open, another process follows its kernel
    if is_known then
      changed(entry)
    end
  end
  runs[id] = entry
  entry.client_id, entry.bufnr = client_id, bufnr or entry.bufnr
  retired = vim.tbl_filter(function(other)
    return other ~= id
  end, retired)
  if not bufnr then
    M.retire(id)
  end
  return entry
end

return M
