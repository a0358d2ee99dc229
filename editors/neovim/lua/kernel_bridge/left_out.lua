--- Fetches the part of a long stream that the server left out, in slices from its history.

local client = require("kernel_bridge.client")
local media = require("kernel_bridge.media")
local plural = require("kernel_bridge.plural")
local text = require("kernel_bridge.text")

local M = {}

M.CHARACTERS = 131072 -- per readOutput request

---@param block kernel_bridge.Block
---@return integer bytes that are still missing
function M.bytes(block)
  local elided = block.output.elided
  if not elided or (block.total and block.total <= block.loaded) then
    return 0
  end
  return math.max(0, elided.omitted - (block.loaded_bytes or 0))
end

--- The number of characters of a text, as the server counts them.
---@param words string
---@return integer
function M.characters(words)
  return vim.str_utfindex(words, "utf-32")
end

--- Requests a slice of a stream.
---@param entry kernel_bridge.RunEntry
---@param index integer 0-based
---@param start integer in characters
---@param answered fun(failed: string?, result: kernel_bridge.ReadOutputResult?)
local function request(entry, index, start, answered)
  local server = vim.lsp.get_client_by_id(entry.client_id)
  if not server then
    return answered("the server of this run has exited; open the whole output with :KernelBridge history")
  end
  server:request("workspace/executeCommand", {
    command = "kernel-bridge.readOutput",
    arguments = { { runId = entry.run.id, index = index, start = start, length = M.CHARACTERS } },
  }, function(failed, result)
    answered(failed and failed.message, result)
  end)
end

--- Reads a stream from a character to its end.
---@param entry kernel_bridge.RunEntry
---@param index integer 0-based
---@param start integer in characters
---@param answered fun(failed: string?, words: string?)
function M.read(entry, index, start, answered)
  local pieces = {}
  local function read_on(from)
    request(entry, index, from, function(failed, result)
      if not result then
        return answered(failed)
      end
      pieces[#pieces + 1] = result.text
      from = from + M.characters(result.text)
      if result.text == "" or from >= result.total then
        return answered(nil, table.concat(pieces))
      end
      read_on(from)
    end)
  end
  read_on(start)
end

--- Describes what is missing between the text that was sent or loaded and the tail.
---@param block kernel_bridge.Block
---@return string
function M.described(block)
  local elided = block.output.elided --[[@as kernel_bridge.Elided]]
  local size = media.size(math.max(0, M.bytes(block) - #elided.tail))
  if not elided.lines then
    return size
  end
  local loaded = block.more and block.more.newlines - block.output.stream.newlines or 0
  local missing = elided.lines - text.new(elided.tail).newlines - loaded
  return ("%s, %s,"):format(plural(math.max(0, missing), "line"), size)
end

--- Fetches the next slice, and further ones up to `bytes`.
---@param page kernel_bridge.Page
---@param block kernel_bridge.Block
---@param bytes integer
---@param changed fun() called when there is more text to write
function M.load(page, block, bytes, changed)
  local index
  for at, other in ipairs(page.blocks) do
    index = other == block and at - 1 or index
  end
  if block.loading or not index then
    return
  end
  local stream = block.output.stream --[[@as kernel_bridge.Text]]
  if not block.more then
    block.more = { pieces = vim.list_slice(stream.pieces), newlines = stream.newlines, last = stream.last }
    block.loaded = M.characters(text.whole(stream))
    block.loaded_bytes = 0
  end
  block.loading = true
  request(page.entry, index, block.loaded, function(failed, result)
    block.loading = false
    if not result then
      return client.notify(failed, vim.log.levels.ERROR)
    end
    text.add(block.more, result.text)
    block.loaded = block.loaded + M.characters(result.text)
    block.loaded_bytes = block.loaded_bytes + #result.text
    block.total = result.total
    if vim.api.nvim_buf_is_valid(page.bufnr) then
      changed()
      if #result.text > 0 and block.loaded < result.total and bytes > #result.text then
        M.load(page, block, bytes - #result.text, changed)
      end
    end
  end)
end

return M
