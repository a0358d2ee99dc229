--- Pictures with image.nvim, for terminals without placeholders: empty virtual lines are kept free, and image.nvim
--- draws over them and moves what it drew.

local config = require("kernel_bridge.config")

local M = {}

local standing = {} ---@type table<string, table[]> image.nvim's images by whose they are
local count = 0

---@param image kernel_bridge.Image
---@param columns integer
---@param rows integer
---@return [string, string][][]
function M.rows(image, columns, rows)
  image.columns, image.rows = columns, rows
  local list = {}
  for row = 1, rows do
    list[row] = { { (" "):rep(columns), "KernelBridgeImage" } }
  end
  return list
end

---@param key string whose pictures they are; those that it had before are cleared
---@param bufnr integer
---@param line integer 0-based
---@param placed kernel_bridge.Placed[]
function M.stand(key, bufnr, line, placed)
  for _, drawn in ipairs(standing[key] or {}) do
    drawn:clear()
  end
  standing[key] = nil
  local window = vim.fn.win_findbuf(bufnr)[1]
  if #placed == 0 or not window then
    return
  end
  local border = vim.api.nvim_strwidth(config.get().virtual_lines.border)
  standing[key] = {}
  for _, one in ipairs(placed) do
    count = count + 1
    local drawn = require("image").from_file(one.image.medium:path(), {
      id = "kernel-bridge-" .. count,
      namespace = "kernel-bridge",
      window = window,
      buffer = bufnr,
      x = border,
      y = line,
      width = one.image.columns,
      height = one.image.rows,
      inline = true,
      render_offset_top = one.offset,
    })
    if drawn then
      drawn.ignore_global_max_size = true -- the lines that are free say how large it may be
      drawn:render()
      table.insert(standing[key], drawn)
    end
  end
end

return M
