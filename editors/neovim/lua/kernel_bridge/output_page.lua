--- A page: the whole output of a run, written to a buffer in slices so that the editor stays responsive.

local ansi = require("kernel_bridge.ansi")
local config = require("kernel_bridge.config")
local images = require("kernel_bridge.images")
local left_out = require("kernel_bridge.left_out")
local markdown = require("kernel_bridge.markdown")
local marks = require("kernel_bridge.marks")
local media = require("kernel_bridge.media")
local output_lines = require("kernel_bridge.output_lines")
local outputs = require("kernel_bridge.outputs")
local sheets = require("kernel_bridge.sheets")

local M = {}

local namespace = output_lines.namespace
local SLICE_BYTES = 24576 -- written per turn of the event loop

--- One output in the buffer.
---@class kernel_bridge.Block
---@field output kernel_bridge.KeptOutput
---@field start integer row of its first line
---@field stop integer row after its last complete line; the lines after it are rewritten on each update
---@field piece integer pieces of the text written so far
---@field offset integer bytes of the next piece written so far
---@field pen kernel_bridge.Pen
---@field seen? string the text written after `stop`
---@field more? kernel_bridge.Text the text including the loaded part that the server had left out
---@field loading? boolean
---@field total? integer length in code points, once known

---@class kernel_bridge.Page
---@field bufnr integer
---@field entry kernel_bridge.RunEntry
---@field blocks kernel_bridge.Block[]
---@field rows integer lines written so far
---@field timer uv.uv_timer_t
---@field waiting boolean

---@param bufnr integer
---@param entry kernel_bridge.RunEntry
---@return kernel_bridge.Page
function M.new(bufnr, entry)
  return {
    bufnr = bufnr,
    entry = entry,
    blocks = {},
    rows = 0,
    timer = assert(vim.uv.new_timer()),
    waiting = false,
  }
end

--- Rewrites the whole page after its buffer was emptied.
---@param page kernel_bridge.Page
function M.rewrite(page)
  page.blocks, page.rows = {}, 0
  M.later(page, 1)
end

---@param page kernel_bridge.Page
function M.close(page)
  page.timer:stop()
  page.timer:close()
end

--- Writes new output after the delay. Calls in the meantime have no effect.
---@param page kernel_bridge.Page
---@param delay_ms integer
function M.later(page, delay_ms)
  if not page.waiting then
    page.waiting = true
    page.timer:start(
      delay_ms,
      0,
      vim.schedule_wrap(function()
        page.waiting = false
        if vim.api.nvim_buf_is_valid(page.bufnr) then
          M.sync(page)
        end
      end)
    )
  end
end

--- Replaces all lines from `row` on with terminal text.
---@param page kernel_bridge.Page
---@param row integer
---@param lines string[]
---@param group? string
---@param pen? kernel_bridge.Pen
local function write(page, row, lines, group, pen)
  output_lines.write(page.bufnr, row, lines, group, pen)
  page.rows = row + #lines
end

--- Returns the next complete lines of a text, about SLICE_BYTES.
---@param block kernel_bridge.Block
---@param value kernel_bridge.Text
---@return string[]
local function next_lines(block, value)
  local lines, bytes = {}, 0
  while bytes < SLICE_BYTES and block.piece < #value.pieces do
    local piece = value.pieces[block.piece + 1]
    local at = block.offset + 1
    while at <= #piece and bytes < SLICE_BYTES do
      local newline = piece:find("\n", at, true)
      lines[#lines + 1] = piece:sub(at, newline - 1)
      bytes = bytes + newline - at + 1
      at = newline + 1
    end
    block.offset = at - 1
    if at > #piece then
      block.piece, block.offset = block.piece + 1, 0
    end
  end
  return lines
end

--- Writes the next slice of a stream. Returns true if more remains for another turn.
---@param page kernel_bridge.Page
---@param block kernel_bridge.Block
---@return boolean
local function sync_stream(page, block)
  local output = block.output
  local value = block.more or output.stream --[[@as kernel_bridge.Text]]
  local group = output.name == "stderr" and "KernelBridgeStderr" or nil
  local lines = next_lines(block, value)
  if #lines > 0 then
    write(page, block.stop, lines, group, block.pen)
    block.stop = block.stop + #lines
    block.seen = ""
  end
  if block.piece < #value.pieces then
    return true
  end
  local rest, marker = {}, nil
  if value.last ~= "" then
    rest[1] = value.last
  end
  local hidden = left_out.bytes(block)
  if hidden > 0 then
    local tail = output.elided.tail
    marker = ("⋯ %s left out · press <CR> to load"):format(left_out.described(block))
    rest[#rest + 1] = marker
    vim.list_extend(rest, vim.split((tail:gsub("\n$", "")), "\n", { plain = true }))
  end
  local key = table.concat(rest, "\n")
  if key ~= block.seen then
    block.seen = key
    write(page, block.stop, rest, group, vim.deepcopy(block.pen))
    if marker then
      local row = block.stop + (value.last ~= "" and 1 or 0)
      local where = { end_col = #marker, hl_group = "KernelBridgeMore", priority = 120 }
      vim.api.nvim_buf_set_extmark(page.bufnr, namespace, row, 0, where)
    end
  end
  local ended = page.entry.run.endedAt ~= nil
  local wanted = config.get().output.load_bytes - (block.loaded_bytes or 0)
  if hidden > 0 and ended and wanted > 0 and not block.loading then
    left_out.load(page, block, wanted, function()
      M.later(page, 1)
    end)
  end
  return false
end

--- Highlights the lines of a block as Markdown.
---@param page kernel_bridge.Page
---@param block kernel_bridge.Block
---@param source string
local function highlight_markdown(page, block, source)
  for row, spans in pairs((markdown.spans(source))) do
    for order, span in ipairs(spans) do
      if span.group then
        vim.api.nvim_buf_set_extmark(page.bufnr, namespace, block.start + row, span.first, {
          end_col = span.last,
          hl_group = span.group,
          priority = 110 + math.min(order, 80),
          strict = false,
        })
      end
    end
  end
end

--- Writes an output that is not a stream.
---@param page kernel_bridge.Page
---@param block kernel_bridge.Block
local function write_output(page, block)
  local output = block.output
  local picture, medium = media.picture(output), media.openable(output)
  local words, mime
  if output.data then
    words, mime = media.text(output)
  else
    words = outputs.text(output)
  end
  local is_shown = words and (not picture or output.data["text/latex"])
  local lines = is_shown and vim.split(words, "\n", { plain = true }) or {}
  local hint = medium
    and media.described(medium, medium.image and medium.image.size) .. " · press gx to open"
  local is_beside = media.is_page_too(output) and not picture
  if hint and not is_beside then
    lines[#lines + 1] = hint
  end
  if #lines == 0 then
    lines[1] = ""
  end
  write(page, block.start, lines)
  block.stop = page.rows
  if mime == "text/markdown" and not picture then
    highlight_markdown(page, block, words)
  end
  if is_beside then
    local note = { { "  " .. hint, "KernelBridgeMedia" } }
    vim.api.nvim_buf_set_extmark(page.bufnr, namespace, block.start, 0, { virt_text = note })
  elseif hint then
    local options = { end_col = #hint, hl_group = "KernelBridgeMedia" }
    if picture then
      local image = images.of(picture, function()
        block.output = {} -- causes sync to write it again
        M.later(page, 1)
      end)
      local window = vim.fn.win_findbuf(page.bufnr)[1]
      options.virt_lines = images.rows(image, window and vim.api.nvim_win_get_width(window) - 2 or 80)
      options.virt_lines_above = page.rows > 1
    end
    vim.api.nvim_buf_set_extmark(page.bufnr, namespace, page.rows - 1, 0, options)
  end
end

---@param page kernel_bridge.Page
local function title(page)
  local run = page.entry.run
  local first = vim.trim(run.source):match("[^\n]*")
  local place = sheets.place(run.id)
  local words, group = unpack(marks.chunks(page.entry, place ~= nil and place.stale)[1])
  local function literal(text)
    return (ansi.legible(text):gsub("%%", "%%%%"))
  end
  return ("%%#%s# %s %%* %s"):format(group, literal(vim.trim(words)), literal(first))
end

--- Updates the buffer to match the outputs, over several turns if needed.
---@param page kernel_bridge.Page
function M.sync(page)
  local at_end = {}
  local windows = vim.fn.win_findbuf(page.bufnr)
  for _, window in ipairs(windows) do
    at_end[window] = vim.api.nvim_win_get_cursor(window)[1] >= vim.api.nvim_buf_line_count(page.bufnr)
  end
  local kept = page.entry.outputs
  local unfinished = false
  for index, block in ipairs(page.blocks) do
    local output = kept[index]
    local is_last = index == #page.blocks
    local grown = output and output.stream and not is_last and #output.stream.pieces ~= block.piece
    if output ~= block.output or grown then
      write(page, block.start, {})
      page.blocks = vim.list_slice(page.blocks, 1, index - 1)
      break
    end
  end
  local index = math.max(1, #page.blocks)
  while kept[index] and not unfinished do
    local block = page.blocks[index]
    local output = kept[index]
    if not block then
      block = { output = output, start = page.rows, stop = page.rows, piece = 0, offset = 0, pen = {} }
      page.blocks[index] = block
      if not output.stream then
        write_output(page, block)
      end
    end
    unfinished = output.stream ~= nil and sync_stream(page, block)
    index = index + 1
  end
  for _, window in ipairs(windows) do
    if at_end[window] and page.rows > 0 then
      vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(page.bufnr), 0 })
    end
    vim.wo[window].winbar = title(page)
  end
  if unfinished then
    M.later(page, 5)
  end
end

--- The index of the block that contains a row; 0 before the first block.
---@param page kernel_bridge.Page
---@param row integer 0-based
---@return integer
local function index_at(page, row)
  local low, high = 1, #page.blocks
  while low <= high do
    local middle = math.floor((low + high) / 2)
    if page.blocks[middle].start <= row then
      low = middle + 1
    else
      high = middle - 1
    end
  end
  return high
end

--- The output at the cursor, if another program can show it.
---@param page kernel_bridge.Page
---@return kernel_bridge.KeptOutput?
function M.openable_here(page)
  local block = page.blocks[index_at(page, vim.api.nvim_win_get_cursor(0)[1] - 1)]
  return block and media.openable(block.output) and block.output or nil
end

--- Loads more of the stream at the cursor if the server left out a part.
---@param page kernel_bridge.Page
function M.load_here(page)
  local block = page.blocks[index_at(page, vim.api.nvim_win_get_cursor(0)[1] - 1)]
  if block and left_out.bytes(block) > 0 then
    local wanted = math.max(left_out.CHARACTERS, config.get().output.load_bytes)
    left_out.load(page, block, wanted, function()
      M.later(page, 1)
    end)
  end
end

--- The fold level of a line. Each output is a fold.
---@param page kernel_bridge.Page
---@param line integer 1-based
---@return string
function M.fold(page, line)
  local block = page.blocks[index_at(page, line - 1)]
  return block and block.start == line - 1 and ">1" or "1"
end

return M
