--- Images with image.nvim, for terminals without placeholders. Empty virtual lines reserve the space; image.nvim draws
--- over them and moves its images with the text.

local config = require("kernel_bridge.config")

local M = {}

local drawn_by = {} ---@type table<string, table[]> image.nvim's images, by key
local count = 0

---@return boolean
function M.is_enabled()
  local image = package.loaded.image
  return image ~= nil and type(image.is_enabled) == "function" and image.is_enabled()
end

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

--- Draws the images of a key, and clears those that it had before.
---@param key string
---@param bufnr integer
---@param line integer 0-based
---@param placed kernel_bridge.Placed[]
function M.place(key, bufnr, line, placed)
  for _, drawn in ipairs(drawn_by[key] or {}) do
    drawn:clear()
  end
  drawn_by[key] = nil
  local window = vim.fn.win_findbuf(bufnr)[1]
  if #placed == 0 or not window then
    return
  end
  local border = vim.api.nvim_strwidth(config.get().virtual_lines.border)
  drawn_by[key] = {}
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
      drawn.ignore_global_max_size = true -- the reserved lines limit its size
      drawn:render()
      table.insert(drawn_by[key], drawn)
    end
  end
end

--- Draws all images again.
function M.resend()
  for _, list in pairs(drawn_by) do
    for _, drawn in ipairs(list) do
      drawn:clear()
      drawn:render()
    end
  end
end

return M
