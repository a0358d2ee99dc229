--- Cells that the user defined: ranges of lines that follow edits. They end when the buffer is read again.

local config = require("kernel_bridge.config")

local M = {}

local namespace = vim.api.nvim_create_namespace("kernel_bridge_defined")
local group = vim.api.nvim_create_augroup("kernel_bridge_defined", { clear = true })

---@class kernel_bridge.Defined
---@field mark integer
---@field first integer 1-based
---@field last integer inclusive; below `first` if its lines were deleted, which an undo takes back

---@param bufnr integer
---@return kernel_bridge.Defined[]
local function all(bufnr)
  local list = {}
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(bufnr, namespace, 0, -1, { details = true })) do
    local last = mark[4].end_col == 0 and mark[4].end_row or mark[4].end_row + 1
    list[#list + 1] = { mark = mark[1], first = mark[2] + 1, last = last }
  end
  return list
end

---@param bufnr integer
---@return kernel_bridge.Defined[] in order
function M.of(bufnr)
  return vim.tbl_filter(function(one)
    return one.first <= one.last
  end, all(bufnr))
end

--- Sets the mark of a cell, with a sign on each line.
---@param bufnr integer
---@param first integer
---@param last integer
---@param mark? integer
local function set(bufnr, first, last, mark)
  local row = math.max(first, last)
  local length = first <= last and #vim.api.nvim_buf_get_lines(bufnr, last - 1, last, true)[1] or 0
  vim.api.nvim_buf_set_extmark(bufnr, namespace, first - 1, 0, {
    id = mark,
    end_row = row - 1,
    end_col = length,
    end_right_gravity = true,
    right_gravity = false,
    sign_text = config.get().signs and first <= last and "┃" or nil,
    sign_hl_group = "KernelBridgeBorder",
    priority = 20,
  })
end

--- Removes the cells that have any of these lines.
---@param bufnr integer
---@param first integer 1-based
---@param last integer inclusive
---@return boolean removed
function M.remove(bufnr, first, last)
  local removed = false
  for _, one in ipairs(M.of(bufnr)) do
    if one.first <= last and first <= one.last then
      removed = vim.api.nvim_buf_del_extmark(bufnr, namespace, one.mark)
    end
  end
  return removed
end

--- Defines a cell. It replaces those that it overlaps.
---@param bufnr integer
---@param first integer 1-based
---@param last integer inclusive
function M.add(bufnr, first, last)
  M.remove(bufnr, first, last)
  set(bufnr, first, last)
  vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  vim.api.nvim_create_autocmd({ "TextChanged", "TextChangedI" }, {
    group = group,
    buffer = bufnr,
    callback = function()
      for _, one in ipairs(all(bufnr)) do
        set(bufnr, one.first, one.last, one.mark)
      end
    end,
  })
  vim.api.nvim_create_autocmd("BufReadPost", {
    group = group,
    buffer = bufnr,
    callback = function()
      vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
    end,
  })
end

return M
