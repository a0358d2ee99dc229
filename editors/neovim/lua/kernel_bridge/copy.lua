--- Copies the whole text of a run into a register, including what the server left out.

local ansi = require("kernel_bridge.ansi")
local client = require("kernel_bridge.client")
local left_out = require("kernel_bridge.left_out")
local media = require("kernel_bridge.media")
local outputs = require("kernel_bridge.outputs")
local plural = require("kernel_bridge.plural")
local text = require("kernel_bridge.text")

local M = {}

local LARGE_BYTES = 10e6 -- above which the user is asked

--- Collects the texts of some outputs, from `index` on.
---@param entry kernel_bridge.RunEntry
---@param list kernel_bridge.KeptOutput[] the outputs as they were when the copy began
---@param index integer
---@param parts string[]
---@param done fun(failed: string?)
local function collect(entry, list, index, parts, done)
  local output = list[index]
  if not output then
    return done()
  end
  local function add(words)
    parts[#parts + 1] = words
    collect(entry, list, index + 1, parts, done)
  end
  if not output.elided then
    local words = outputs.text(output)
    return add(words and (output.stream and words or words .. "\n") or "")
  end
  local shown = text.whole(output.stream)
  left_out.read(entry, index - 1, left_out.characters(shown), function(failed, rest)
    if failed then
      return done(failed)
    end
    add(shown .. rest)
  end)
end

--- The bytes of a run's stream text, shown or left out.
---@param list kernel_bridge.KeptOutput[]
---@return integer
local function size_of(list)
  local bytes = 0
  for _, output in ipairs(list) do
    if output.stream then
      bytes = bytes + #text.whole(output.stream) + (output.elided and output.elided.omitted or 0)
    end
  end
  return bytes
end

---@param whole string
---@param register string
local function put(whole, register)
  local lines = vim.split(whole, "\n", { plain = true })
  if lines[#lines] == "" then
    lines[#lines] = nil
  end
  if #lines == 0 then
    return client.notify("this run has no text to copy", vim.log.levels.WARN)
  end
  vim.fn.setreg(register, vim.tbl_map(ansi.plain, lines), "l")
  local where = register == '"' and "" or (" to register %s"):format(register)
  client.notify(("%s (%s) copied%s"):format(plural(#lines, "line"), media.size(#whole), where))
end

--- Copies the text of a run. Asks before it copies a very long one.
---@param entry kernel_bridge.RunEntry
---@param register string
function M.copy(entry, register)
  if not register:find('^[%w"*+/_-]$') then
    return client.notify(("%s is no register"):format(register), vim.log.levels.ERROR)
  end
  local list, parts = vim.list_slice(entry.outputs), {}
  local function start()
    collect(entry, list, 1, parts, function(failed)
      if failed then
        return client.notify("nothing was copied: " .. failed, vim.log.levels.ERROR)
      end
      put(table.concat(parts), register)
    end)
  end
  local bytes = size_of(list)
  if bytes <= LARGE_BYTES then
    return start()
  end
  local prompt = ("The output has %s. Copy all of it?"):format(media.size(bytes))
  vim.ui.select({ "Copy", "Cancel" }, { prompt = prompt }, function(choice)
    if choice == "Copy" then
      start()
    end
  end)
end

return M
