--- Fetches the part of a long stream that the server left out, in slices from its history.

local client = require("kernel_bridge.client")
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
    block.loaded = vim.fn.strchars(text.whole(stream))
    block.loaded_bytes = 0
  end
  block.loading = true
  local server = vim.lsp.get_client_by_id(page.entry.client_id)
  if not server then
    return client.notify(
      "the server of this run has exited; open the whole output with :KernelBridge history"
    )
  end
  server:request("workspace/executeCommand", {
    command = "kernel-bridge.readOutput",
    arguments = {
      { runId = page.entry.run.id, index = index, start = block.loaded, length = M.CHARACTERS },
    },
  }, function(failed, result)
    block.loading = false
    if failed then
      return client.notify(failed.message, vim.log.levels.ERROR)
    end
    text.add(block.more, result.text)
    block.loaded = block.loaded + vim.fn.strchars(result.text)
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
