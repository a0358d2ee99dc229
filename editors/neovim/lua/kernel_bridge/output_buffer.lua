--- The whole output of a run in a real buffer, which goes on while it is looked at.

local ansi = require("kernel_bridge.ansi")
local config = require("kernel_bridge.config")
local images = require("kernel_bridge.images")
local left_out = require("kernel_bridge.left_out")
local media = require("kernel_bridge.media")
local view = require("kernel_bridge.view")

local M = {}

local namespace = vim.api.nvim_create_namespace("kernel_bridge_output")
local SLICE_BYTES = 24576 -- written before the editor's loop gets its turn

--- One output as it stands in the buffer.
---@class kernel_bridge.Block
---@field output kernel_bridge.KeptOutput
---@field start integer row of its first line
---@field stop integer row after its last whole line; what follows is written anew each time
---@field piece integer pieces of the text that are written
---@field offset integer bytes of the next piece that are written
---@field pen kernel_bridge.Pen
---@field seen? string what was written after `stop`
---@field more? kernel_bridge.Text the text with what was loaded of what the server left out
---@field loading? boolean
---@field total? integer code points that there are, once known

---@class kernel_bridge.Page
---@field bufnr integer
---@field entry kernel_bridge.RunEntry
---@field blocks kernel_bridge.Block[]
---@field rows integer lines that are written
---@field timer uv.uv_timer_t
---@field waiting boolean
---@field media table<integer, kernel_bridge.Medium> by extmark

local pages = {} ---@type table<string, kernel_bridge.Page> by run id

local sync

---@param page kernel_bridge.Page
---@param delay_ms integer
local function later(page, delay_ms)
  if not page.waiting then
    page.waiting = true
    page.timer:start(
      delay_ms,
      0,
      vim.schedule_wrap(function()
        page.waiting = false
        if vim.api.nvim_buf_is_valid(page.bufnr) then
          sync(page)
        end
      end)
    )
  end
end

--- Replaces everything from a row on.
---@param page kernel_bridge.Page
---@param row integer
---@param lines string[]
local function write(page, row, lines)
  vim.bo[page.bufnr].modifiable = true
  vim.api.nvim_buf_clear_namespace(page.bufnr, namespace, row, -1)
  vim.api.nvim_buf_set_lines(page.bufnr, row, -1, false, lines)
  vim.bo[page.bufnr].modifiable = false
  page.rows = row + #lines
end

--- Writes lines of terminal text from a row on, with their colours.
---@param page kernel_bridge.Page
---@param row integer
---@param lines string[]
---@param group string?
---@param pen kernel_bridge.Pen
local function write_lines(page, row, lines, group, pen)
  local plain, marks = {}, {}
  for index, line in ipairs(lines) do
    local pieces = ansi.pieces(line, pen)
    if #pieces == 1 then
      plain[index] = pieces[1][1]
    else
      local parts = {}
      for at, piece in ipairs(pieces) do
        parts[at] = piece[1]
      end
      plain[index] = table.concat(parts)
    end
    local column = 0
    for _, piece in ipairs(pieces) do
      if piece[2] and piece[1] ~= "" then
        marks[#marks + 1] = { index - 1, column, column + #piece[1], piece[2] }
      end
      column = column + #piece[1]
    end
  end
  write(page, row, plain)
  if group and #plain > 0 then
    vim.api.nvim_buf_set_extmark(page.bufnr, namespace, row, 0, {
      end_row = row + #plain,
      hl_group = group,
      priority = 100,
      strict = false,
    })
  end
  for _, mark in ipairs(marks) do
    vim.api.nvim_buf_set_extmark(page.bufnr, namespace, row + mark[1], mark[2], {
      end_col = mark[3],
      hl_group = mark[4],
      priority = 110,
    })
  end
end

--- The next lines of a text, whole ones, up to a number of bytes.
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

--- Writes what is new of a stream; true when there is more for another turn.
---@param page kernel_bridge.Page
---@param block kernel_bridge.Block
---@return boolean
local function sync_stream(page, block)
  local output = block.output
  local value = block.more or output.stream --[[@as kernel_bridge.Text]]
  local group = output.name == "stderr" and "KernelBridgeStderr" or nil
  local lines = next_lines(block, value)
  if #lines > 0 then
    write_lines(page, block.stop, lines, group, block.pen)
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
    marker = ("⋯ %s left out · <CR> loads it"):format(media.size(math.max(0, hidden - #tail)))
    rest[#rest + 1] = marker
    vim.list_extend(rest, vim.split((tail:gsub("\n$", "")), "\n", { plain = true }))
  end
  local key = table.concat(rest, "\n")
  if key ~= block.seen then
    block.seen = key
    write_lines(page, block.stop, rest, group, vim.deepcopy(block.pen))
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
      later(page, 1)
    end)
  end
  return false
end

--- Writes an output that is no stream.
---@param page kernel_bridge.Page
---@param block kernel_bridge.Block
local function write_output(page, block)
  local output = block.output
  local words = require("kernel_bridge.outputs").text(output)
  local picture = media.picture(output)
  local lines = words and not picture and vim.split(words, "\n", { plain = true }) or {}
  local medium = media.openable(output)
  if medium then
    lines[#lines + 1] = media.described(medium, medium.image and medium.image.size) .. " · gx opens it"
  end
  if #lines == 0 then
    lines[1] = ""
  end
  write_lines(page, block.start, lines, nil, {})
  if medium then
    local row = page.rows - 1
    local line = vim.api.nvim_buf_get_lines(page.bufnr, row, row + 1, false)[1]
    local options = { end_col = #line, hl_group = "KernelBridgeMedia" }
    if picture then
      local image = images.of(picture, function()
        block.output = {} -- it is written anew
        later(page, 1)
      end)
      local window = vim.fn.win_findbuf(page.bufnr)[1]
      options.virt_lines = images.rows(image, window and vim.api.nvim_win_get_width(window) - 2 or 80)
      options.virt_lines_above = row > 0
    end
    page.media[vim.api.nvim_buf_set_extmark(page.bufnr, namespace, row, 0, options)] = medium
  end
  block.stop = page.rows
end

---@param page kernel_bridge.Page
local function title(page)
  local run = page.entry.run
  local first = vim.trim(run.source):match("[^\n]*")
  local mark = vim.trim(view.mark(page.entry)[1][1])
  local function literal(words)
    return (ansi.legible(words):gsub("%%", "%%%%"))
  end
  return ("%%#%s# %s %%* %s"):format(view.mark(page.entry)[1][2], literal(mark), literal(first))
end

--- Brings the buffer to what the outputs are now, in turns.
---@param page kernel_bridge.Page
sync = function(page)
  local at_end = {}
  local windows = vim.fn.win_findbuf(page.bufnr)
  for _, window in ipairs(windows) do
    at_end[window] = vim.api.nvim_win_get_cursor(window)[1] >= vim.api.nvim_buf_line_count(page.bufnr)
  end
  local outputs = page.entry.outputs
  local unfinished = false
  for index, block in ipairs(page.blocks) do
    local output = outputs[index]
    local is_last = index == #page.blocks
    local grown = output and output.stream and not is_last and #output.stream.pieces ~= block.piece
    if output ~= block.output or grown then
      write(page, block.start, {})
      page.blocks = vim.list_slice(page.blocks, 1, index - 1)
      break
    end
  end
  local index = math.max(1, #page.blocks)
  while outputs[index] and not unfinished do
    local block = page.blocks[index]
    local output = outputs[index]
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
    later(page, 5)
  end
end

---@param page kernel_bridge.Page
---@return kernel_bridge.Medium?
local function medium_here(page)
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local marks = vim.api.nvim_buf_get_extmarks(page.bufnr, namespace, { row, 0 }, { -1, -1 }, {})
  for _, mark in ipairs(marks) do
    if page.media[mark[1]] then
      return page.media[mark[1]]
    end
  end
end

---@param page kernel_bridge.Page
---@return kernel_bridge.Block?
local function block_here(page)
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  for index = #page.blocks, 1, -1 do
    if page.blocks[index].start <= row then
      return page.blocks[index]
    end
  end
end

---@param entry kernel_bridge.RunEntry
---@return kernel_bridge.Page
local function page_of(entry)
  local page = pages[entry.run.id]
  if page and vim.api.nvim_buf_is_valid(page.bufnr) then
    return page
  end
  local bufnr = vim.api.nvim_create_buf(false, true)
  page =
    { bufnr = bufnr, entry = entry, blocks = {}, rows = 0, timer = assert(vim.uv.new_timer()), media = {} }
  page.waiting = false
  pages[entry.run.id] = page
  vim.api.nvim_buf_set_name(bufnr, "kernel-bridge://output/" .. entry.run.id:sub(1, 8))
  vim.bo[bufnr].undolevels = -1
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].bufhidden = "wipe"
  vim.bo[bufnr].filetype = "kernel_bridge_output"
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = bufnr, nowait = true, desc = "close" })
  vim.keymap.set("n", "gx", function()
    local medium = medium_here(page)
    if medium then
      return media.open(medium)
    end
    vim.ui.open(vim.fn.expand("<cfile>"))
  end, { buffer = bufnr, desc = "open in the system's viewer or browser" })
  vim.keymap.set("n", "<CR>", function()
    local block = block_here(page)
    if block and left_out.bytes(block) > 0 then
      local wanted = math.max(left_out.CHARACTERS, config.get().output.load_bytes)
      left_out.load(page, block, wanted, function()
        later(page, 1)
      end)
    end
  end, { buffer = bufnr, desc = "load what the server left out" })
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = bufnr,
    once = true,
    callback = function()
      page.timer:stop()
      page.timer:close()
      for id, other in pairs(pages) do
        if other == page then
          pages[id] = nil
        end
      end
    end,
  })
  return page
end

--- The fold level of a line: each output is a fold.
---@param line integer 1-based
---@return string
function M.fold(line)
  for _, page in pairs(pages) do
    if page.bufnr == vim.api.nvim_get_current_buf() then
      local low, high = 1, #page.blocks
      while low <= high do
        local middle = math.floor((low + high) / 2)
        if page.blocks[middle].start == line - 1 then
          return ">1"
        elseif page.blocks[middle].start < line - 1 then
          low = middle + 1
        else
          high = middle - 1
        end
      end
    end
  end
  return "1"
end

--- The run whose output a buffer shows.
---@param bufnr integer
---@return kernel_bridge.RunEntry?
function M.entry(bufnr)
  for _, page in pairs(pages) do
    if page.bufnr == bufnr then
      return page.entry
    end
  end
end

--- Fills a buffer that is read anew, as by `:edit`, or that a session has brought back.
---@param bufnr integer
function M.read(bufnr)
  local entry = M.entry(bufnr)
  if entry then
    local page = pages[entry.run.id]
    page.blocks, page.media, page.rows = {}, {}, 0
    return later(page, 1)
  end
  vim.bo[bufnr].buftype, vim.bo[bufnr].bufhidden, vim.bo[bufnr].swapfile = "nofile", "wipe", false
  local words = "This output is of an earlier session; :KernelBridge history in its file finds it."
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, { words })
  vim.bo[bufnr].modifiable = false
end

--- Something of a run has changed.
---@param entry kernel_bridge.RunEntry
function M.touch(entry)
  local page = pages[entry.run.id]
  if page then
    later(page, config.get().throttle_ms)
  end
end

--- A run has taken the place of another: who looks at that one sees the new one.
---@param old kernel_bridge.RunEntry
---@param new kernel_bridge.RunEntry
function M.follow(old, new)
  local page = pages[old.run.id]
  if page and not pages[new.run.id] then
    pages[old.run.id], pages[new.run.id] = nil, page
    page.entry = new
    later(page, 1)
  end
end

--- Opens a run's output, or goes to where it is open.
---@param entry kernel_bridge.RunEntry
function M.open(entry)
  local page = page_of(entry)
  local window = vim.fn.win_findbuf(page.bufnr)[1]
  if window then
    vim.api.nvim_set_current_win(window)
  else
    require("kernel_bridge.output_window").open(page.bufnr)
  end
  sync(page)
end

return M
