--- The kitty graphics protocol with unicode placeholders: the picture is sent once, and what stands in the text
--- are characters whose colour names the picture and whose diacritics name row and column.
--- https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders

local terminal = require("kernel_bridge.images.terminal")

local M = {}

local PLACEHOLDER = "\244\142\187\174" -- U+10EEEE
local CHUNK = 4096 -- bytes of base64 in one escape code, the protocol's limit
local CHUNKS_AT_ONCE = 16 -- before the editor's loop gets its turn

-- Row and column n are the nth of these, first to last code point, as the protocol lists them.
-- stylua: ignore
local RANGES = {
  0x305, 0x305, 0x30D, 0x30E, 0x310, 0x310, 0x312, 0x312, 0x33D, 0x33F, 0x346, 0x346, 0x34A, 0x34C, 0x350, 0x352,
  0x357, 0x357, 0x35B, 0x35B, 0x363, 0x36F, 0x483, 0x487, 0x592, 0x595, 0x597, 0x599, 0x59C, 0x5A1, 0x5A8, 0x5A9,
  0x5AB, 0x5AC, 0x5AF, 0x5AF, 0x5C4, 0x5C4, 0x610, 0x617, 0x657, 0x65B, 0x65D, 0x65E, 0x6D6, 0x6DC, 0x6DF, 0x6E2,
  0x6E4, 0x6E4, 0x6E7, 0x6E8, 0x6EB, 0x6EC, 0x730, 0x730, 0x732, 0x733, 0x735, 0x736, 0x73A, 0x73A, 0x73D, 0x73D,
  0x73F, 0x741, 0x743, 0x743, 0x745, 0x745, 0x747, 0x747, 0x749, 0x74A, 0x7EB, 0x7F1, 0x7F3, 0x7F3, 0x816, 0x819,
  0x81B, 0x823, 0x825, 0x827, 0x829, 0x82D, 0x951, 0x951, 0x953, 0x954, 0xF82, 0xF83, 0xF86, 0xF87, 0x135D, 0x135F,
  0x17DD, 0x17DD, 0x193A, 0x193A, 0x1A17, 0x1A17, 0x1A75, 0x1A7C, 0x1B6B, 0x1B6B, 0x1B6D, 0x1B73, 0x1CD0, 0x1CD2,
  0x1CDA, 0x1CDB, 0x1CE0, 0x1CE0, 0x1DC0, 0x1DC1, 0x1DC3, 0x1DC9, 0x1DCB, 0x1DCC, 0x1DD1, 0x1DE6,
}

local diacritics = {} ---@type string[]
for at = 1, #RANGES, 2 do
  for code = RANGES[at], RANGES[at + 1] do
    diacritics[#diacritics + 1] = vim.fn.nr2char(code, true)
  end
end

--- Pictures take ids of their own: other programs in the terminal count from 1.
local next_id = nil
local function new_id()
  if not vim.o.termguicolors then
    -- The colour is then one of 256, and so is the id.
    next_id = (next_id or 16 + vim.uv.os_getpid() % 64) % 255 + 1
    return next_id
  end
  next_id = next_id and next_id + 1 or 0x010000 + vim.uv.os_getpid() % 0x7F00 * 0x100
  return next_id
end

---@param keys string
---@param payload? string
local function code(keys, payload)
  return "\27_G" .. keys .. (payload and ";" .. payload or "") .. "\27\\"
end

--- Sends a picture in parts, a few at a time, then says where it may be placed.
---@param image kernel_bridge.Image
local function transmit(image, columns, rows)
  local encoded = vim.base64.encode(image.png)
  local at = 1
  local function part()
    local codes = {}
    for _ = 1, CHUNKS_AT_ONCE do
      local stop = math.min(at + CHUNK - 1, #encoded)
      local keys = at == 1 and ("a=t,f=100,t=d,q=2,i=%d,"):format(image.id) or "q=2,"
      codes[#codes + 1] = code(keys .. (stop < #encoded and "m=1" or "m=0"), encoded:sub(at, stop))
      at = stop + 1
      if at > #encoded then
        break
      end
    end
    if at > #encoded then
      codes[#codes + 1] = code(("a=p,U=1,q=2,i=%d,p=1,c=%d,r=%d"):format(image.id, columns, rows))
    end
    for _, sequence in ipairs(codes) do
      terminal.write(sequence)
    end
    if at <= #encoded then
      vim.schedule(part)
    end
  end
  part()
end

---@param image kernel_bridge.Image
local function group(image)
  local name = ("KernelBridgeImage%d"):format(image.id)
  vim.api.nvim_set_hl(
    0,
    name,
    { fg = ("#%06x"):format(image.id), ctermfg = image.id < 256 and image.id or nil }
  )
  return name
end

local sent = {} ---@type kernel_bridge.Image[]

vim.api.nvim_create_autocmd("VimLeavePre", {
  group = vim.api.nvim_create_augroup("kernel_bridge_kitty", { clear = true }),
  callback = function()
    for _, image in ipairs(sent) do
      terminal.write(code(("a=d,d=I,q=2,i=%d"):format(image.id)))
    end
  end,
})

vim.api.nvim_create_autocmd("ColorScheme", {
  group = "kernel_bridge_kitty",
  callback = function()
    vim.tbl_map(group, sent)
  end,
})

--- The placeholders of a picture; it is sent the first time.
---@param image kernel_bridge.Image
---@param columns integer
---@param rows integer
---@return [string, string][][]
function M.rows(image, columns, rows)
  columns, rows = math.min(columns, #diacritics), math.min(rows, #diacritics)
  if not image.id then
    image.id = new_id()
    sent[#sent + 1] = image
    transmit(image, columns, rows)
  elseif image.columns ~= columns or image.rows ~= rows then
    terminal.write(code(("a=p,U=1,q=2,i=%d,p=1,c=%d,r=%d"):format(image.id, columns, rows)))
  end
  image.columns, image.rows = columns, rows
  local highlight = group(image)
  local list = {}
  for row = 1, rows do
    local cells = {}
    for column = 1, columns do
      cells[column] = PLACEHOLDER .. diacritics[row] .. diacritics[column]
    end
    list[row] = { { table.concat(cells), highlight } }
  end
  return list
end

return M
