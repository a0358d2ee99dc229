--- Converts terminal text to highlighted pieces. SGR sequences set colours; every other control sequence is dropped.

local contrast = require("kernel_bridge.contrast")

local M = {}

--- How text is drawn. A nil field means the default.
---@class kernel_bridge.Pen
---@field fg? integer|string 0-255, or "#rrggbb"
---@field bg? integer|string
---@field bold? boolean
---@field italic? boolean
---@field underline? boolean
---@field strikethrough? boolean
---@field reverse? boolean
---@field dim? boolean

-- Legible on the dark and the light background, unlike the sixteen colours of many terminals.
-- stylua: ignore
local SIXTEEN = {
  dark = {
    [0] = "#5c6370", "#e06c75", "#98c379", "#d5b06b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4",
    "#7f848e", "#ef8891", "#b1d196", "#e5c884", "#82c2f5", "#d699e6", "#7bcbd4", "#ffffff",
  },
  light = {
    [0] = "#24292f", "#b3202a", "#1a7f37", "#8a5a00", "#0550ae", "#8250df", "#1b6f7a", "#57606a",
    "#424a53", "#cf3a44", "#2c974b", "#a06c00", "#1168d8", "#9a6ae8", "#2a8c99", "#6e7781",
  },
}

---@param colour integer|string
---@return string
local function rgb(colour)
  if type(colour) == "string" then
    return colour
  elseif colour < 16 then
    return vim.g["terminal_color_" .. colour] or SIXTEEN[vim.o.background][colour]
  elseif colour < 232 then
    local levels = { [0] = 0, 95, 135, 175, 215, 255 }
    local index = colour - 16
    local red, green, blue = math.floor(index / 36), math.floor(index / 6) % 6, index % 6
    return ("#%02x%02x%02x"):format(levels[red], levels[green], levels[blue])
  end
  local grey = 8 + (colour - 232) * 10
  return ("#%02x%02x%02x"):format(grey, grey, grey)
end

local LEGIBLE = 4.5 -- contrast ratio, of WCAG 2.2 for text

--- Lightens or darkens a colour until it is legible on the editor's background. Programs do not know the background
--- of the terminal: IPython's tracebacks, for example, have dark green keywords.
---@param colour string "#rrggbb"
---@return integer
local function legible(colour)
  return contrast.raised(tonumber(colour:sub(2), 16), contrast.ground(), LEGIBLE)
end

local groups = {} ---@type table<string, true>

local autocommands = vim.api.nvim_create_augroup("kernel_bridge_ansi", { clear = true })

local function define_again()
  for name in pairs(groups) do
    M.define(name)
  end
end

vim.api.nvim_create_autocmd("ColorScheme", { group = autocommands, callback = define_again })
vim.api.nvim_create_autocmd("OptionSet", {
  group = autocommands,
  pattern = "background",
  callback = vim.schedule_wrap(define_again),
})

local ATTRIBUTES = { B = "bold", I = "italic", U = "underline", S = "strikethrough", R = "reverse" }

--- Defines the highlight group of a name that `group` returned.
---@param name string
function M.define(name)
  groups[name] = true
  local colours, attributes = name:match("^KernelBridgeAnsi(.-)_(%u*)$")
  local fg, bg = colours:match("T(%x+)"), colours:match("G(%x+)")
  local function decoded(text)
    return text and (#text == 6 and "#" .. text or tonumber(text, 16)) or nil
  end
  fg, bg = decoded(fg), decoded(bg)
  local highlight = { fg = fg and rgb(fg), bg = bg and rgb(bg) }
  if highlight.fg and not bg then
    highlight.fg = legible(highlight.fg)
  end
  highlight.ctermfg = type(fg) == "number" and fg or nil
  highlight.ctermbg = type(bg) == "number" and bg or nil
  for letter, attribute in pairs(ATTRIBUTES) do
    highlight[attribute] = attributes:find(letter, 1, true) and true or nil
  end
  if attributes:find("D", 1, true) and not fg then
    highlight.link = "KernelBridgeMore"
  end
  vim.api.nvim_set_hl(0, name, highlight)
end

--- Returns the highlight group of a pen; nil for text without attributes.
---@param pen kernel_bridge.Pen
---@return string?
function M.group(pen)
  if next(pen) == nil then
    return nil
  end
  local function encoded(letter, colour)
    if not colour then
      return ""
    end
    return letter .. (type(colour) == "string" and colour:sub(2) or ("%02x"):format(colour))
  end
  local name = "KernelBridgeAnsi" .. encoded("T", pen.fg) .. encoded("G", pen.bg) .. "_"
  for _, letter in ipairs({ "B", "I", "U", "S", "R" }) do
    name = name .. (pen[ATTRIBUTES[letter]] and letter or "")
  end
  name = name .. (pen.dim and "D" or "")
  if not groups[name] then
    M.define(name)
  end
  return name
end

---@param codes integer[]
---@param at integer of the code 38 or 48
---@return integer|string? colour
---@return integer last index that belongs to the colour
local function extended(codes, at)
  if codes[at + 1] == 5 and codes[at + 2] then
    return codes[at + 2] % 256, at + 2
  elseif codes[at + 1] == 2 and codes[at + 4] then
    local red, green, blue = codes[at + 2] % 256, codes[at + 3] % 256, codes[at + 4] % 256
    return ("#%02x%02x%02x"):format(red, green, blue), at + 4
  end
  return nil, #codes
end

local ON =
  { [1] = "bold", [2] = "dim", [3] = "italic", [4] = "underline", [7] = "reverse", [9] = "strikethrough" }
local OFF = { [23] = "italic", [24] = "underline", [27] = "reverse", [29] = "strikethrough" }

--- Applies the parameters of an SGR sequence (ECMA-48, 8.3.117) to a pen.
---@param pen kernel_bridge.Pen
---@param parameters string
local function sgr(pen, parameters)
  local codes = {}
  for code in (parameters .. ";"):gmatch("(%d*)[;:]") do
    codes[#codes + 1] = tonumber(code) or 0
  end
  local at = 1
  while at <= #codes do
    local code = codes[at]
    if code == 0 then
      for name in pairs(pen) do
        pen[name] = nil
      end
    elseif ON[code] then
      pen[ON[code]] = true
    elseif OFF[code] then
      pen[OFF[code]] = nil
    elseif code == 22 then
      pen.bold, pen.dim = nil, nil
    elseif code >= 30 and code <= 37 then
      pen.fg = code - 30
    elseif code >= 90 and code <= 97 then
      pen.fg = code - 82
    elseif code >= 40 and code <= 47 then
      pen.bg = code - 40
    elseif code >= 100 and code <= 107 then
      pen.bg = code - 92
    elseif code == 38 then
      pen.fg, at = extended(codes, at)
    elseif code == 48 then
      pen.bg, at = extended(codes, at)
    elseif code == 39 then
      pen.fg = nil
    elseif code == 49 then
      pen.bg = nil
    end
    at = at + 1
  end
end

--- Removes control characters except tab. SGR sequences were removed before.
local function inert(text)
  if not text:find("[%z\1-\8\10-\31\127\194]") then
    return text
  end
  return (text:gsub("[%z\1-\8\10-\31\127]", ""):gsub("\194[\128-\159]", ""))
end

--- Splits a line into pieces with one highlight group each. The pen carries over to the next line.
---@param line string without newline
---@param pen kernel_bridge.Pen
---@return [string, string?][]
function M.pieces(line, pen)
  if not line:find("\27", 1, true) then
    return { { inert(line), M.group(pen) } }
  end
  local pieces, at = {}, 1
  local function push(stop)
    if stop >= at then
      pieces[#pieces + 1] = { inert(line:sub(at, stop)), M.group(pen) }
    end
  end
  while true do
    local escape = line:find("\27", at, true)
    if not escape then
      push(#line)
      return pieces
    end
    push(escape - 1)
    local _, stop, parameters, final = line:find("^\27%[([0-?]*)[ -/]*([@-~])", escape)
    if stop then
      if final == "m" and not parameters:find("[^%d;:]") then
        sgr(pen, parameters)
      end
    else
      _, stop = line:find("^\27[%]PX^_][^\7\27]*\27?[\7\\]?", escape) -- OSC and other strings
      if not stop then
        _, stop = line:find("^\27[ -/]*[0-~]?", escape)
      end
    end
    at = stop + 1
  end
end

--- Removes all control sequences from a line.
---@param line string
---@return string
function M.plain(line)
  if not line:find("\27", 1, true) then
    return inert(line)
  end
  local parts = {}
  for _, piece in ipairs(M.pieces(line, {})) do
    parts[#parts + 1] = piece[1]
  end
  return table.concat(parts)
end

--- Characters that control a terminal, reorder text (UAX #9) or have no width, as UTF-8 patterns. Same set as in
--- kernel_bridge/escapes.py.
local HIDDEN = {
  "[%z\1-\8\10-\31\127]",
  "\194[\128-\159\173]",
  "\216\156",
  "\226\128[\139\142\143\168-\174]",
  "\226\129[\160-\175]",
  "\239\187\191",
  "\243\160[\128-\191][\128-\191]",
}

--- Shows the hidden characters of an untrusted name, path or message as escapes.
---@param words string
---@return string
function M.legible(words)
  for _, pattern in ipairs(HIDDEN) do
    words = words:gsub(pattern, function(character)
      return ("\\u%04x"):format(#character == 1 and character:byte() or vim.fn.char2nr(character))
    end)
  end
  return words
end

return M
