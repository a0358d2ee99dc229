--- A list with aligned columns for the user to choose from.

local ansi = require("kernel_bridge.ansi")
local width = require("kernel_bridge.width")

local M = {}

---@class kernel_bridge.Choice
---@field columns string[] the last one is not aligned
---@field take fun()

---@param prompt string
---@param choices kernel_bridge.Choice[]
---@param rest? kernel_bridge.Choice[] choices behind an entry at the end
function M.pick(prompt, choices, rest)
  if rest and #rest > 0 then
    choices = vim.list_extend({}, choices)
    choices[#choices + 1] = {
      columns = { ("more … (%d)"):format(#rest) },
      take = function()
        M.pick(prompt, rest)
      end,
    }
  end
  local widths = {}
  for _, choice in ipairs(choices) do
    choice.columns = vim.tbl_map(ansi.legible, choice.columns)
    for index = 1, #choice.columns - 1 do
      widths[index] = math.max(widths[index] or 0, vim.api.nvim_strwidth(choice.columns[index]))
    end
  end
  vim.ui.select(choices, {
    prompt = ansi.legible(prompt),
    kind = "kernel_bridge",
    format_item = function(choice)
      local parts = {}
      for index, column in ipairs(choice.columns) do
        parts[index] = width.padded(column, widths[index] or 0)
      end
      local room = vim.o.columns - 6 -- for the number of the choice
      return width.shortened(vim.trim(table.concat(parts, "  ")), room)
    end,
  }, function(choice)
    if choice then
      choice.take()
    end
  end)
end

return M
