--- The contrast of text with its background, as WCAG 2.2 defines it. Colours are integers, 0xrrggbb.

local M = {}

---@param colour integer
---@return integer[] red, green, blue
local function channels_of(colour)
  return { math.floor(colour / 65536), math.floor(colour / 256) % 256, colour % 256 }
end

---@param colour integer
---@return number 0 to 1
local function luminance(colour)
  local parts = {}
  for index, channel in ipairs(channels_of(colour)) do
    local part = channel / 255
    parts[index] = part <= 0.04045 and part / 12.92 or ((part + 0.055) / 1.055) ^ 2.4
  end
  return 0.2126 * parts[1] + 0.7152 * parts[2] + 0.0722 * parts[3]
end

---@param one integer
---@param other integer
---@return number 1 to 21
function M.ratio(one, other)
  local light, dark = luminance(one), luminance(other)
  if light < dark then
    light, dark = dark, light
  end
  return (light + 0.05) / (dark + 0.05)
end

--- The editor's background. If it is the terminal's, the one that Neovim's own colorscheme has.
---@return integer
function M.ground()
  local own = vim.api.nvim_get_hl(0, { name = "Normal" }).bg
  return own or (vim.o.background == "dark" and 0x14161b or 0xe0e2ea)
end

--- Lightens or darkens a colour until it has a contrast ratio with its background.
---@param colour integer
---@param ground integer
---@param least number
---@return integer
function M.raised(colour, ground, least)
  local goal = M.ratio(0xffffff, ground) > M.ratio(0, ground) and 255 or 0
  while M.ratio(colour, ground) < least and colour ~= (goal == 255 and 0xffffff or 0) do
    local channels = vim.tbl_map(function(channel)
      local step = (goal - channel) * 0.1
      return channel + (goal == 255 and math.ceil(step) or math.floor(step))
    end, channels_of(colour))
    colour = channels[1] * 65536 + channels[2] * 256 + channels[3]
  end
  return colour
end

return M
