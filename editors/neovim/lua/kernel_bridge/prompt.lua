--- Prompts for input(). The server's request waits in a coroutine, so the editor stays responsive.

local ansi = require("kernel_bridge.ansi")
local session = require("kernel_bridge.session")

local M = {}

local open = nil ---@type {thread: thread, shown: boolean}?

--- Calls back in Normal or Terminal mode, so that keys typed in another mode do not end up in the answer.
local function when_normal(callback)
  if vim.api.nvim_get_mode().mode:find("^[nt]") then
    return callback()
  end
  vim.api.nvim_create_autocmd("ModeChanged", {
    pattern = "*:n*",
    once = true,
    callback = vim.schedule_wrap(callback),
  })
end

---@param params kernel_bridge.StdinRequest
---@return kernel_bridge.StdinAnswer|userdata answer vim.NIL if the user cancels
function M.ask(params)
  local thread = coroutine.running()
  local question = { thread = thread, shown = false }
  local function answer(value)
    if open == question then
      open = nil
      coroutine.resume(thread, value)
    end
  end
  open = question
  local lines = vim.tbl_map(ansi.plain, vim.split(params.prompt, "\n", { plain = true }))
  local prompt = params.prompt ~= "" and table.concat(lines, "\n") or "Input: "
  vim.schedule(function()
    when_normal(function()
      if open ~= question then
        return
      end
      question.shown = true
      if params.password then
        -- Not vim.ui.input, which may keep a history.
        local typed, value = pcall(vim.fn.inputsecret, { prompt = prompt, cancelreturn = vim.NIL })
        return answer(typed and value ~= vim.NIL and value or nil)
      end
      vim.ui.input({ prompt = prompt, scope = "cursor" }, answer)
    end)
  end)
  vim.api.nvim_exec_autocmds("User", {
    pattern = "KernelBridgeInput",
    data = { runId = params.runId, prompt = params.prompt, password = params.password },
    modeline = false,
  })
  session.asks(params.runId, true)
  local value = coroutine.yield()
  session.asks(params.runId, false)
  return value ~= nil and { value = value } or vim.NIL
end

--- Closes the prompt, because the run has ended.
function M.withdraw()
  local question = open
  if not question then
    return
  end
  open = nil
  if question.shown then
    vim.api.nvim_input(vim.api.nvim_get_mode().mode:find("^c") and "<C-c>" or "")
  end
  coroutine.resume(question.thread, nil)
end

--- Whether a run waits for an answer.
---@return boolean
function M.is_open()
  return open ~= nil
end

return M
