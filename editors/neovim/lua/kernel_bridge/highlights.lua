--- The plugin's highlight groups: links to common groups, with more contrast where those are hard to read.

local contrast = require("kernel_bridge.contrast")

local TEXT, DIMMED = 4.5, 3 -- least contrast ratios, of WCAG 2.2 for text and for marks

--- Each group's link, and its least contrast with the background.
---@type table<string, [string, number]>
local GROUPS = {
  KernelBridgeOk = { "DiagnosticOk", TEXT },
  KernelBridgeError = { "DiagnosticError", TEXT },
  KernelBridgeRunning = { "DiagnosticInfo", TEXT },
  KernelBridgeQueued = { "Comment", DIMMED },
  KernelBridgeEnded = { "DiagnosticWarn", TEXT },
  KernelBridgeStale = { "NonText", DIMMED },
  KernelBridgeOutput = { "Normal", TEXT },
  KernelBridgeStderr = { "DiagnosticWarn", TEXT },
  KernelBridgeBorder = { "NonText", DIMMED },
  KernelBridgeMore = { "Comment", DIMMED },
  KernelBridgeMedia = { "Special", TEXT },
}

local raised = {} ---@type table<string, vim.api.keyset.get_hl_info> what `define` set instead of a link

--- A group like another one, with more contrast; nil if that has enough.
---@param link string
---@param least number
---@return vim.api.keyset.highlight?
local function readable(link, least)
  local group = vim.api.nvim_get_hl(0, { name = link, link = false })
  local front, back =
    group.fg or vim.api.nvim_get_hl(0, { name = "Normal" }).fg, group.bg or contrast.ground()
  if not front or contrast.ratio(front, back) >= least then
    return nil
  elseif group.reverse then
    return vim.tbl_extend("force", group, { fg = front, bg = contrast.raised(back, front, least) })
  end
  return vim.tbl_extend("force", group, { fg = contrast.raised(front, back, least) })
end

--- Defines the groups, except those that the user or the colorscheme defines.
local function define()
  for name, about in pairs(GROUPS) do
    local link, least = about[1], about[2]
    vim.api.nvim_set_hl(0, name, { default = true, link = link })
    local now = vim.api.nvim_get_hl(0, { name = name })
    if now.link == link or vim.deep_equal(now, raised[name]) then
      local group = readable(link, least)
      vim.api.nvim_set_hl(0, name, group or { link = link })
      raised[name] = group and vim.api.nvim_get_hl(0, { name = name })
    end
  end
end

define()
local autocommands = vim.api.nvim_create_augroup("kernel_bridge_highlights", { clear = true })
vim.api.nvim_create_autocmd("ColorScheme", { group = autocommands, callback = define })
vim.api.nvim_create_autocmd("OptionSet", {
  group = autocommands,
  pattern = { "background", "termguicolors" },
  callback = vim.schedule_wrap(define),
})
