--- The connection of a buffer to its server. Starts the server on demand; requests never block the editor.

local kernel_text = require("kernel_bridge.kernel_text")
local notices = require("kernel_bridge.notices")
local server = require("kernel_bridge.server")
local session = require("kernel_bridge.session")

local M = {}

local NAME = "kernel_bridge"

M.notify = notices.show

---@param bufnr integer
---@return vim.lsp.Client?
function M.get(bufnr)
  local client = vim.lsp.get_clients({ bufnr = bufnr, name = NAME })[1]
  return client and not client:is_stopped() and client or nil
end

--- The configuration to start a buffer's server with.
---@param bufnr integer
---@param find fun(root: string?): string[]?, string[] a function of |kernel_bridge.server|
---@return vim.lsp.ClientConfig?
---@return string problem if the server was not found
local function config_for(bufnr, find)
  local root = server.root(bufnr)
  local command, places = find(root)
  local config = vim.lsp.config[NAME]
  if type(config.cmd) == "function" and not command then
    local looked = table.concat(places, ", ")
    local hint = "run `pip install jupyter-kernel-bridge` or set the `command` option"
    return nil, ("the server was not found in %s; %s"):format(looked, hint)
  end
  local given = vim.tbl_extend("force", config, { name = NAME })
  given.root_dir = root -- replaces the function, even with nil
  return given, ""
end

--- Whether `with` needs no answer of the user: the server runs, or a trusted one was found.
---@param bufnr integer
---@return boolean
function M.can_start(bufnr)
  return M.get(bufnr) ~= nil or (not server.is_ambiguous(bufnr) and server.find(server.root(bufnr)) ~= nil)
end

--- Calls `ready` with the buffer's client once it is initialized. Starts the server if it is not running.
---@param bufnr integer
---@param ready fun(client: vim.lsp.Client)
---@param failed? fun()
function M.with(bufnr, ready, failed)
  local function give_up(message)
    M.notify(message, vim.log.levels.ERROR)
    if failed then
      failed()
    end
  end
  local client = M.get(bufnr)
  if client and client.initialized then
    return ready(client)
  end
  if server.is_ambiguous(bufnr) then
    return give_up("another unnamed buffer uses the server; name this one first (:file NAME or :w NAME)")
  end
  local config, problem = config_for(bufnr, server.find_or_ask)
  if not config then
    return give_up(problem)
  end
  local group = vim.api.nvim_create_augroup(("kernel_bridge_start_%d"):format(vim.uv.hrtime() % 2 ^ 31), {})
  vim.api.nvim_create_autocmd("LspAttach", {
    group = group,
    buffer = bufnr,
    callback = function(event)
      local attached = vim.lsp.get_client_by_id(event.data.client_id)
      if attached and attached.name == NAME then
        vim.api.nvim_del_augroup_by_id(group)
        ready(attached)
      end
    end,
  })
  if client then
    return -- it is still starting
  end
  local on_exit = config.on_exit
  config.on_exit = function(code, signal, client_id)
    on_exit(code, signal, client_id)
    vim.schedule(function()
      if pcall(vim.api.nvim_del_augroup_by_id, group) then
        give_up(("the server exited with code %d while it was starting; see :KernelBridge log"):format(code))
      end
    end)
  end
  local found, started = pcall(vim.lsp.start, config, { bufnr = bufnr })
  if not found or not started then
    vim.api.nvim_del_augroup_by_id(group)
    give_up("cannot start the server: " .. tostring(started))
  end
end

---@param bufnr integer
---@return string
local function without_kernel(bufnr)
  local left = session.kernel_of(bufnr)
  if left and left.origin == "found" then
    local id = kernel_text.id(left)
    return ("this file's kernel was detached; :KernelBridge attach %s takes it back"):format(id)
  end
  return "this file has no kernel; choose one with :KernelBridge select"
end

--- Sends a command for a buffer. Notifies the user of a failure, unless `answered` returns true.
---@param bufnr integer
---@param name string without `kernel-bridge.`
---@param argument? table
---@param answered? fun(failed: lsp.ResponseError?, result: any): boolean?
function M.command(bufnr, name, argument, answered)
  answered = answered or function() end
  M.with(bufnr, function(client)
    local params = { command = "kernel-bridge." .. name, arguments = { argument or vim.empty_dict() } }
    client:request("workspace/executeCommand", params, function(failed, result)
      if answered(failed, result) or not failed then
        return
      end
      local data = failed.data or {}
      if data.kind == "NothingToRun" then
        return M.notify("no code to run here", vim.log.levels.WARN)
      elseif data.kind == "NoSuchKernel" and not params.arguments[1].kernelId then
        return M.notify(without_kernel(bufnr), vim.log.levels.WARN)
      elseif data.kind == "KernelDead" and data.remedy == "restartKernel" then
        return M.notify("the kernel is dead; start it again with :KernelBridge restart", vim.log.levels.WARN)
      end
      M.notify(failed.message, vim.log.levels.ERROR)
    end, bufnr)
  end, function()
    answered({ code = 0, message = "no server" })
  end)
end

local WAIT_MS = 30000

--- The client for a buffer's file before the buffer is opened on the server. Waits until it is initialized.
---@param bufnr integer
---@return vim.lsp.Client?
---@return string? problem
local function unattached(bufnr)
  local config, problem = config_for(bufnr, server.find)
  if not config then
    return nil, problem
  end
  local found, started = pcall(vim.lsp.start, config, { bufnr = bufnr, attach = false })
  local client = found and started and vim.lsp.get_client_by_id(started)
  local is_ready = client
    and vim.wait(WAIT_MS, function()
      return client.initialized or client:is_stopped()
    end, 5)
  if not is_ready or client:is_stopped() then
    return nil, "cannot start the server; see :KernelBridge log"
  end
  return client
end

--- The buffer's client. Waits until the buffer is opened on the server.
---@param bufnr integer
---@return vim.lsp.Client?
---@return string? problem
local function attached(bufnr)
  local client ---@type vim.lsp.Client|false|nil
  M.with(bufnr, function(found)
    client = found
  end, function()
    client = false
  end)
  vim.wait(WAIT_MS, function()
    return client ~= nil
  end, 5)
  if not client then
    return nil, "the server does not run; see :KernelBridge log"
  end
  return client
end

--- Sends a command and waits for its result, because Vim reads and writes files so. CTRL-C ends the wait.
---@param bufnr integer
---@param name string without `kernel-bridge.`
---@param argument table
---@param is_open boolean the command needs the buffer to be open on the server
---@return any? result
---@return lsp.ResponseError? failed
function M.wait(bufnr, name, argument, is_open)
  local client, problem = (is_open and attached or unattached)(bufnr)
  if not client then
    return nil, { code = 0, message = problem or "" }
  end
  local params = { command = "kernel-bridge." .. name, arguments = { argument } }
  local answer, reason = client:request_sync("workspace/executeCommand", params, WAIT_MS, bufnr)
  if not answer then
    return nil, { code = 0, message = ("%s: no answer from the server (%s)"):format(name, reason or "ended") }
  end
  return answer.result, answer.err
end

local group = vim.api.nvim_create_augroup("kernel_bridge_client", { clear = true })
local renamed = {} ---@type table<integer, {client: vim.lsp.Client, kernel?: kernel_bridge.Kernel}>

-- A renamed buffer is another document, and Neovim notifies servers of it late or never. When an unnamed buffer is
-- written for the first time, Neovim fires BufWipeout and BufAdd.
vim.api.nvim_create_autocmd({ "BufFilePre", "BufWipeout" }, {
  group = group,
  callback = function(event)
    local client = M.get(event.buf)
    if client and (event.event == "BufFilePre" or vim.api.nvim_buf_get_name(event.buf) == "") then
      renamed[event.buf] = { client = client, kernel = session.kernel_of(event.buf) }
      vim.lsp.buf_detach_client(event.buf, client.id)
    end
  end,
})
vim.api.nvim_create_autocmd({ "BufFilePost", "BufAdd" }, {
  group = group,
  callback = function(event)
    local before = renamed[event.buf]
    renamed[event.buf] = nil
    if not before then
      return
    end
    vim.lsp.buf_attach_client(event.buf, before.client.id)
    if before.kernel and session.is_usable(before.kernel) then
      local argument = { textDocument = M.document(event.buf), kernelId = before.kernel.id }
      M.command(event.buf, "bindKernel", argument)
    end
  end,
})

---@param bufnr integer
---@return {uri: string}
function M.document(bufnr)
  return { uri = vim.uri_from_bufnr(bufnr) }
end

return M
