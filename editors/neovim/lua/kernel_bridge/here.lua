--- The buffer, position and run that a command acts on.

local cells = require("kernel_bridge.cells")
local client = require("kernel_bridge.client")
local output_buffer = require("kernel_bridge.output_buffer")
local session = require("kernel_bridge.session")
local sheets = require("kernel_bridge.sheets")

local M = {}

---@class kernel_bridge.At
---@field bufnr? integer default: the current buffer

---@param bufnr? integer default: the current buffer
---@return integer
function M.resolve(bufnr)
  return bufnr and bufnr ~= 0 and bufnr or vim.api.nvim_get_current_buf()
end

--- The buffer that a command acts on. For an output buffer, this is the buffer of its code.
---@param opts? kernel_bridge.At
---@return integer
function M.buffer(opts)
  local bufnr = M.resolve(opts and opts.bufnr)
  local shown = output_buffer.entry(bufnr)
  local source = shown and shown.bufnr
  return source and vim.api.nvim_buf_is_loaded(source) and source or bufnr
end

--- The cursor in a window that shows the buffer, preferably the current one.
---@param bufnr integer
---@return [integer, integer] row and column in bytes, 0-based
function M.cursor(bufnr)
  local window = vim.api.nvim_get_current_buf() == bufnr and 0 or vim.fn.win_findbuf(bufnr)[1]
  if not window then
    return { 0, 0 }
  end
  local place = vim.api.nvim_win_get_cursor(window)
  return { place[1] - 1, place[2] }
end

--- The document of a buffer, as an argument. In a fence, also the cursor's line: each language has its kernel.
---@param bufnr integer
---@return {textDocument: {uri: string}, position?: lsp.Position}
function M.code(bufnr)
  local line = M.cursor(bufnr)[1]
  local is_fence = cells.is_fenced(bufnr) and cells.at(bufnr, line + 1) ~= nil
  local position = is_fence and { line = line, character = 0 } or nil
  return { textDocument = client.document(bufnr), position = position }
end

--- The run for the cursor, and the lines that it must be in to be the one at the cursor, not just the nearest above:
--- on the marker or fence of a cell those of the cell, else the cursor's.
---@param bufnr integer
---@return kernel_bridge.Place?
---@return integer first 0-based
---@return integer last
local function run_near(bufnr)
  local line = M.cursor(bufnr)[1]
  local cell = cells.at(bufnr, line + 1)
  if cell and (line + 1 < cell.body_first or line + 1 > cell.body_last) then
    return sheets.at(bufnr, cell.body_last - 1), cell.body_first - 1, cell.body_last - 1
  end
  return sheets.at(bufnr, line), line, line
end

---@param bufnr integer
---@return kernel_bridge.RunEntry?
local function run_at_cursor(bufnr)
  local place, first, last = run_near(bufnr)
  if place then
    local run_first, run_last = sheets.lines(place)
    return run_first <= last and run_last >= first and place.entry or nil
  end
end

--- The kernel that a command acts on: that of the run at the cursor, or else the buffer's. The server knows which of
--- the buffer's kernels runs code, or has the language at the cursor.
---@param opts? kernel_bridge.At
---@return kernel_bridge.KernelRef
function M.kernel(opts)
  local bufnr = M.buffer(opts)
  local entry = output_buffer.entry(M.resolve(opts and opts.bufnr)) or run_at_cursor(bufnr)
  local kernel = entry and session.kernels()[entry.run.kernelId]
  if kernel and session.is_usable(kernel) and not session.is_bound(bufnr, kernel.id) then
    return { kernelId = kernel.id }
  end
  return M.code(bufnr)
end

--- The run at the cursor, or the run of the cell whose marker or fence it is on. Notifies the user if there is none.
---@param opts? kernel_bridge.At
---@return kernel_bridge.RunEntry?
function M.entry(opts)
  local bufnr = M.buffer(opts)
  local place = run_near(bufnr)
  local entry = output_buffer.entry(M.resolve(opts and opts.bufnr)) or place and place.entry
  if not entry then
    client.notify("no code has run here", vim.log.levels.WARN)
  end
  return entry
end

return M
