--- The outputs of a notebook file under the cells of a buffer, and the runs whose outputs belong into the file.

local buffers = require("kernel_bridge.notebook.buffers")
local client = require("kernel_bridge.client")
local restore = require("kernel_bridge.restore")
local session = require("kernel_bridge.session")
local sheets = require("kernel_bridge.sheets")
local vocabulary = require("kernel_bridge.vocabulary")

local M = {}

---@param place kernel_bridge.Place
---@return boolean
local function is_from_file(place)
  return place.entry.run.kernelId == ""
end

--- Shows the outputs of a notebook file under its cells, and newer results of the buffer where it has them.
---@param bufnr integer
---@param path string
function M.show(bufnr, path)
  for _, place in ipairs(sheets.of(bufnr)) do
    if is_from_file(place) then
      sheets.remove(place) -- the file may have no output there any more
    end
  end
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
    if not is_from_file(place) and not place.removed then
      ids[#ids + 1] = place.entry.run.id
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
