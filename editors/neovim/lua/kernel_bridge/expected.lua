--- Runs that the server has not reported yet, for example because a kernel must start first.

local ansi = require("kernel_bridge.ansi")
local config = require("kernel_bridge.config")
local marks = require("kernel_bridge.marks")
local view = require("kernel_bridge.view")

local M = {}

---@class kernel_bridge.Expected
---@field bufnr integer
---@field mark integer
---@field words string

local pending = vim.api.nvim_create_namespace("kernel_bridge_pending")
local expected = {} ---@type kernel_bridge.Expected[]

---@param one kernel_bridge.Expected
---@param line integer 0-based
local function draw_expected(one, line)
  local chunks = { { ("  %s %s…"):format(config.get().icons.queued, one.words), "KernelBridgeQueued" } }
  local text = vim.api.nvim_buf_get_lines(one.bufnr, line, line + 1, false)[1] or ""
  local width = view.width(one.bufnr)
  local fits = marks.fits(text, chunks, width)
  one.mark = vim.api.nvim_buf_set_extmark(one.bufnr, pending, line, 0, {
    id = one.mark,
    virt_text = fits and chunks or nil,
    virt_text_pos = "eol",
    virt_lines = not fits and { chunks } or nil,
    hl_mode = "combine",
  })
end

--- Shows a mark at a line until the server responds.
---@param bufnr integer
---@param line integer 0-based
---@return fun(): integer remove returns the line of the mark, which moves with edits
function M.expect(bufnr, line)
  local one = { bufnr = bufnr, words = "" }
  draw_expected(one, line)
  expected[#expected + 1] = one
  return function()
    expected = vim.tbl_filter(function(other)
      return other ~= one
    end, expected)
    if vim.api.nvim_buf_is_valid(bufnr) then
      line = vim.api.nvim_buf_get_extmark_by_id(bufnr, pending, one.mark, {})[1] or line
      vim.api.nvim_buf_del_extmark(bufnr, pending, one.mark)
    end
    return line
  end
end

--- Shows at each waiting run that a kernel is starting.
---@param name string
function M.starting(name)
  for _, one in ipairs(expected) do
    local place = vim.api.nvim_buf_is_loaded(one.bufnr)
      and vim.api.nvim_buf_get_extmark_by_id(one.bufnr, pending, one.mark, {})
    if place and place[1] then
      one.words = ("starting %s "):format(ansi.legible(name))
      draw_expected(one, place[1])
    end
  end
end

--- Returns what the runs of a buffer wait for, such as "starting Python 3"; nil if none waits.
---@param bufnr integer
---@return string?
function M.awaited(bufnr)
  for _, one in ipairs(expected) do
    if one.bufnr == bufnr and one.words ~= "" then
      return vim.trim(one.words)
    end
  end
end

return M
