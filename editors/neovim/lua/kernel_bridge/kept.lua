--- Kept kernels: a file that is opened gets back the kernels that it used, with the runs that continue there.

local client = require("kernel_bridge.client")
local config = require("kernel_bridge.config")
local kernels = require("kernel_bridge.kernels")
local session = require("kernel_bridge.session")

local M = {}

--- Whether a kernel is kept and can be joined. One that was detached from this server stays detached. One that another
--- editor follows is shared, as it would be by the next run.
---@param kernel kernel_bridge.Kernel
---@param client_id integer
---@return boolean
local function is_kept(kernel, client_id)
  return kernel.origin == "found" and kernel.keepAlive and not session.has_followed(kernel.id, client_id)
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
      is_kept(kernel, client_id)
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
    local listed = result and result.kernels or {}
    for _, waited in ipairs(buffers) do
      local is_free = vim.api.nvim_buf_is_loaded(waited) and #session.bound(waited) == 0
      for _, kernel in ipairs(is_free and of_document(listed, vim.uri_from_bufnr(waited), server.id) or {}) do
        kernels.join(waited, kernel)
      end
    end
  end)
end

return M
