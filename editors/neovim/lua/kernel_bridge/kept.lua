--- Kept kernels: a file that is opened gets back the kernels that it used, with the runs that continue there.

local client = require("kernel_bridge.client")
local config = require("kernel_bridge.config")
local kernels = require("kernel_bridge.kernels")
local session = require("kernel_bridge.session")

local M = {}

--- Whether an earlier editor has left a kernel, and no other editor follows it. One that was detached from this server
--- stays detached.
---@param kernel kernel_bridge.Kernel
---@param client_id integer
---@return boolean
local function is_left(kernel, client_id)
  return kernel.origin == "found"
    and kernel.keepAlive
    and (kernel.recorded or not kernel.owner)
    and not session.has_followed(kernel.id, client_id)
end

--- The kernels of a document to take back: of each language, the one that was started last.
---@param listed kernel_bridge.Kernel[]
---@param uri string
---@param client_id integer
---@return kernel_bridge.Kernel[]
local function of_document(listed, uri, client_id)
  local newest = {} ---@type table<string, kernel_bridge.Kernel>
  for _, kernel in ipairs(listed) do
    local other = newest[kernel.language]
    if
      is_left(kernel, client_id)
      and vim.list_contains(kernel.documents or {}, uri)
      and (not other or (kernel.startedAt or "") > (other.startedAt or ""))
    then
      newest[kernel.language] = kernel
    end
  end
  return vim.tbl_values(newest)
end

local waiting = {} ---@type table<integer, integer[]> buffers by client ID, while the server lists the kernels

--- Attaches a buffer to the kernels that are kept for it, if the option `restore` is on. Buffers that are opened
--- together share a list.
---@param bufnr integer
function M.take_back(bufnr)
  local server = client.get(bufnr)
  if not server or not config.get().restore then
    return
  elseif waiting[server.id] then
    return table.insert(waiting[server.id], bufnr)
  end
  waiting[server.id] = { bufnr }
  client.command(bufnr, "listKernels", nil, function(_, result)
    local buffers = waiting[server.id]
    waiting[server.id] = nil
    for _, waited in ipairs(vim.tbl_filter(vim.api.nvim_buf_is_loaded, buffers)) do
      for _, kernel in
        ipairs(of_document(result and result.kernels or {}, vim.uri_from_bufnr(waited), server.id))
      do
        kernels.join(waited, kernel)
      end
    end
  end)
end

return M
