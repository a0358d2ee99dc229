--- The outputs of a notebook file under the cells of a buffer, and the runs whose outputs belong into the file.

local buffers = require("kernel_bridge.notebook.buffers")
local client = require("kernel_bridge.client")
local restore = require("kernel_bridge.restore")
local session = require("kernel_bridge.session")
local sheets = require("kernel_bridge.sheets")
local vocabulary = require("kernel_bridge.vocabulary")

local M = {}

--- Shows the outputs of a notebook file under its cells, and newer results of the buffer where it has them.
---@param bufnr integer
---@param path string
function M.show(bufnr, path)
  restore.restore(bufnr, path, function(failed)
    restore.opened(bufnr)
    return failed and (failed.data or {}).kind == "DocumentNotOpen" -- renamed or closed meanwhile
  end)
end

--- The runs whose results a buffer shows, except those read from a file.
---@param bufnr integer
---@return string[]
function M.shown(bufnr)
  local ids = {}
  for _, place in ipairs(sheets.of(bufnr)) do
    local run = place.entry.run
    if run.kernelId ~= "" and not place.removed then
      ids[#ids + 1] = run.id
    end
  end
  return ids
end

--- The argument of kernel-bridge.export that writes the cells and outputs of a buffer.
---@param bufnr integer
---@param path string
---@return kernel_bridge.ExportParams
function M.export(bufnr, path)
  return {
    path = path,
    format = "ipynb",
    mode = "document",
    textDocument = client.document(bufnr),
    overwrite = true,
  }
end

session.on("run", function(entry)
  local is_shown = entry.bufnr and buffers.get(entry.bufnr) and vim.api.nvim_buf_is_loaded(entry.bufnr)
  if is_shown and vocabulary.ends[entry.run.state] then
    vim.bo[entry.bufnr].modified = true -- its outputs are part of the file
  end
end)

return M
