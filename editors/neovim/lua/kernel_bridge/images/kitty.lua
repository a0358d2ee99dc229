--- The kitty graphics protocol with Unicode placeholders. An image is sent once; the text contains placeholder
--- characters whose colour is the ID of the image and whose diacritics are row and column.
--- https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders

local png = require("kernel_bridge.images.png")
local terminal = require("kernel_bridge.images.terminal")

local M = {}

local PLACEHOLDER = "\244\142\187\174" -- U+10EEEE
local CHUNK = 4096 -- the protocol's limit for one escape code, in bytes of base64

-- The diacritics of rows and columns in the order of the protocol, as ranges of code points.
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

--- IDs start at a number derived from the process ID, because other programs in the terminal count from 1.
local next_id = nil
local function new_id()
  if not vim.o.termguicolors then
    -- Only 256 colours, and so only 256 IDs.
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

local queue = {} ---@type (fun(): string?)[] each returns its next sequence, or nil at the end
local busy = false

--- Sends the queue, each sequence when the terminal has read the one before.
local function send()
  while queue[1] do
    local sequence = queue[1]()
    if sequence then
      return terminal.write(sequence, send)
    end
    table.remove(queue, 1)
  end
  busy = false
end

--- Queues sequences. Nothing may be sent between the parts of an image.
---@param sequences fun(): string?
local function enqueue(sequences)
  queue[#queue + 1] = sequences
  if not busy then
    busy = true
    send()
  end
end

---@param sequence string
local function enqueue_one(sequence)
  local once = sequence ---@type string?
  enqueue(function()
    local value = once
    once = nil
    return value
  end)
end

---@param id integer
---@param bytes string of a PNG
---@param done? fun() called when the terminal has it
local function transmit(id, bytes, done)
  local encoded = vim.base64.encode(bytes)
  local at = 1
  enqueue(function()
    if at > #encoded then
      if done then
        done()
      end
      return nil
    end
    local stop = math.min(at + CHUNK - 1, #encoded)
    local keys = at == 1 and ("a=t,f=100,t=d,q=2,i=%d,"):format(id) or "q=2,"
    local part = encoded:sub(at, stop)
    at = stop + 1
    return code(keys .. (stop < #encoded and "m=1" or "m=0"), part)
  end)
end

---@param id integer
---@return string
local function group(id)
  local name = ("KernelBridgeImage%d"):format(id)
  vim.api.nvim_set_hl(0, name, { fg = ("#%06x"):format(id), ctermfg = id < 256 and id or nil })
  return name
end

--- Limits the size of an image to the number of diacritics.
---@param columns integer
---@param rows integer
---@return integer columns
---@return integer rows
function M.limit(columns, rows)
  return math.min(columns, #diacritics), math.min(rows, #diacritics)
end

--- The placeholder characters of an image.
---@param id integer
---@param columns integer
---@param rows integer
---@return [string, string][][]
function M.placeholders(id, columns, rows)
  local highlight = group(id)
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

local sent = {} ---@type table<integer, true> IDs of the images in the terminal
local images = setmetatable({}, { __mode = "k" }) ---@type table<kernel_bridge.Image, true> the same, not held

--- Deletes an image from the terminal when Lua collects it.
---@param image kernel_bridge.Image
local function forget_with(image)
  local id = image.id --[[@as integer]]
  image.guard = newproxy(true)
  getmetatable(image.guard).__gc = vim.schedule_wrap(function()
    sent[id] = nil
    enqueue_one(code(("a=d,d=I,q=2,i=%d"):format(id)))
  end)
end

local autocommands = vim.api.nvim_create_augroup("kernel_bridge_kitty", { clear = true })

vim.api.nvim_create_autocmd("VimLeavePre", {
  group = autocommands,
  callback = function()
    for id in pairs(sent) do
      terminal.write_now(code(("a=d,d=I,q=2,i=%d"):format(id)))
    end
  end,
})

vim.api.nvim_create_autocmd("ColorScheme", {
  group = autocommands,
  callback = function()
    for id in pairs(sent) do
      group(id)
    end
  end,
})

---@param image kernel_bridge.Image
local function place(image)
  enqueue_one(code(("a=p,U=1,q=2,i=%d,p=1,c=%d,r=%d"):format(image.id, image.columns, image.rows)))
end

--- Sends an image. It is drawn afterwards: its placeholders would fill the line that it is sent on.
---@param image kernel_bridge.Image
---@param bytes string of a PNG
---@param done fun()
function M.send(image, bytes, done)
  image.id = new_id()
  sent[image.id], images[image] = true, true
  forget_with(image)
  transmit(image.id, bytes, done)
end

--- Returns the placeholders of an image that was sent.
---@param image kernel_bridge.Image
---@param columns integer
---@param rows integer
---@return [string, string][][]
function M.rows(image, columns, rows)
  columns, rows = M.limit(columns, rows)
  if image.columns ~= columns or image.rows ~= rows then
    image.columns, image.rows = columns, rows
    place(image)
  end
  return M.placeholders(image.id, columns, rows)
end

local round = 0

--- Sends all images and their placements again, one after the other, read again from where they came.
function M.resend()
  round = round + 1
  local this = round
  local left = vim.tbl_keys(images)
  local function next_one()
    local image = table.remove(left)
    if not image or this ~= round then
      return
    end
    png.load(image.medium, function(bytes)
      if bytes then
        transmit(image.id, bytes, next_one)
        if image.columns then
          place(image)
        end
      else
        next_one()
      end
    end)
  end
  next_one()
end

return M
