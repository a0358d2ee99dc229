--- Questions of input(). The server's request waits in a coroutine, so the editor stays responsive.

local ansi = require("kernel_bridge.ansi")
local client = require("kernel_bridge.client")
local session = require("kernel_bridge.session")

local M = {}

---@class kernel_bridge.Question
---@field params kernel_bridge.StdinRequest
---@field thread thread
---@field is_shown? boolean

local open = {} ---@type kernel_bridge.Question[] oldest first

---@param question kernel_bridge.Question
---@param value? string nil if the user cancels
local function close(question, value)
  for index, other in ipairs(open) do
    if other == question then
      table.remove(open, index)
      session.asks(question.params.runId, nil)
      coroutine.resume(question.thread, value)
    end
  end
end

--- Closes a question that was answered elsewhere, or whose run has ended.
---@param question kernel_bridge.Question
---@param value? string
local function close_shown(question, value)
  if question.is_shown then
    vim.api.nvim_input(vim.api.nvim_get_mode().mode:find("^c") and "<C-c>" or "")
  end
  close(question, value)
end

---@param question kernel_bridge.Question
local function show(question)
  question.is_shown = true
  local params = question.params
  local lines = vim.tbl_map(ansi.plain, vim.split(params.prompt, "\n", { plain = true }))
  local prompt = params.prompt ~= "" and table.concat(lines, "\n") or "Input: "
  vim.cmd.redraw() -- nothing is drawn during input()
  if params.password then
    -- Not vim.ui.input, which may keep a history.
    local typed, value = pcall(vim.fn.inputsecret, { prompt = prompt, cancelreturn = vim.NIL })
    return close(question, typed and value ~= vim.NIL and value or nil)
  end
  vim.ui.input({ prompt = prompt, scope = "cursor" }, function(value)
    close(question, value)
  end)
end

--- Shows a question in Normal or Terminal mode, so that keys typed in another mode do not end up in the answer.
---@param question kernel_bridge.Question
local function show_in_normal_mode(question)
  local mode = vim.api.nvim_get_mode().mode
  if not vim.list_contains(open, question) or question.is_shown then
    return
  elseif mode:find("^[nt]") then
    return show(question)
  elseif not mode:find("^c") then
    client.notify("input() waits for an answer in Normal mode")
  end
  vim.api.nvim_create_autocmd("ModeChanged", {
    pattern = "*:n*",
    once = true,
    callback = vim.schedule_wrap(function()
      show_in_normal_mode(question)
    end),
  })
end

---@param params kernel_bridge.StdinRequest
---@return kernel_bridge.StdinAnswer|userdata answer vim.NIL if the user cancels
function M.ask(params)
  local question = { params = params, thread = coroutine.running() }
  open[#open + 1] = question
  vim.schedule(function()
    show_in_normal_mode(question)
  end)
  vim.api.nvim_exec_autocmds("User", {
    pattern = "KernelBridgeInput",
    data = { runId = params.runId, prompt = params.prompt, password = params.password },
    modeline = false,
  })
  session.asks(params.runId, params.prompt)
  local value = coroutine.yield()
  return value ~= nil and { value = value } or vim.NIL
end

--- Answers the question of a kernel, or else the oldest one; without a text, asks the user.
---@param kernel_id? string
---@param value? string
function M.answer(kernel_id, value)
  local question = vim.iter(open):find(function(one)
    return one.params.kernelId == kernel_id
  end) or open[1]
  if not question then
    client.notify("no code waits for an answer", vim.log.levels.WARN)
  elseif not value then
    show(question)
  elseif question.params.password then
    client.notify("type a password only where it is hidden: :KernelBridge answer", vim.log.levels.WARN)
  else
    close_shown(question, value)
  end
end

--- Closes the only question, which another client has answered.
function M.withdraw()
  if #open == 1 then
    close_shown(open[1])
  end
end

--- Closes the question of a run that has ended.
---@param run_id string
function M.ended(run_id)
  for _, question in ipairs(vim.list_slice(open)) do
    if question.params.runId == run_id then
      close_shown(question)
    end
  end
end

--- Whether code waits for an answer.
---@param kernel_id? string default: any kernel
---@return boolean
function M.is_open(kernel_id)
  return vim.iter(open):any(function(question)
    return not kernel_id or question.params.kernelId == kernel_id
  end)
end

return M
