--- The connection of a buffer to its server. Starts the server on demand; requests never block the editor.

local ansi = require("kernel_bridge.ansi")
local server = require("kernel_bridge.server")
local session = require("kernel_bridge.session")

local M = {}

local NAME = "kernel_bridge"

---@param message string
---@param level? integer
function M.notify(message, level)
  local lines = vim.tbl_map(ansi.legible, vim.split(message, "\n", { plain = true }))
  vim.notify("kernel-bridge: " .. table.concat(lines, "\n"), level or vim.log.levels.INFO)
end

---@param bufnr integer
---@return vim.lsp.Client?
function M.get(bufnr)
  local client = vim.lsp.get_clients({ bufnr = bufnr, name = NAME })[1]
  return client and not client:is_stopped() and client or nil
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
  local config = vim.lsp.config[NAME]
  local root = server.root(bufnr)
  local command, places = server.find_or_ask(root)
  if type(config.cmd) == "function" and not command then
    local looked = table.concat(places, ", ")
    return give_up(
      ("the server was not found in %s; run `pip install jupyter-kernel-bridge`"):format(looked)
        .. " or set the `command` option"
    )
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
  local started = vim.tbl_extend("force", config, { name = NAME })
  started.root_dir = root -- replaces the function, even with nil
  started.on_exit = function(code, signal, client_id)
    config.on_exit(code, signal, client_id)
    vim.schedule(function()
      if pcall(vim.api.nvim_del_augroup_by_id, group) then
        give_up(("the server exited with code %d while it was starting; see :KernelBridge log"):format(code))
      end
    end)
  end
  local found, problem = pcall(vim.lsp.start, started, { bufnr = bufnr })
  if not found or not problem then
    vim.api.nvim_del_augroup_by_id(group)
    give_up("cannot start the server: " .. tostring(problem))
  end
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
        return M.notify("this file has no kernel; choose one with :KernelBridge select", vim.log.levels.WARN)
      elseif data.kind == "KernelDead" and data.remedy == "restartKernel" then
        return M.notify("the kernel is dead; start it again with :KernelBridge restart", vim.log.levels.WARN)
      end
      M.notify(failed.message, vim.log.levels.ERROR)
    end, bufnr)
  end, function()
    answered({ code = 0, message = "no server" })
  end)
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
    if before.kernel and before.kernel.state ~= "dead" then
      local argument = { textDocument = M.document(event.buf), kernelId = before.kernel.id }
      M.command(event.buf, "bindKernel", argument)
      session.bind(argument.textDocument.uri, before.kernel.id)
    end
  end,
})

---@param bufnr integer
---@return {uri: string}
function M.document(bufnr)
  return { uri = vim.uri_from_bufnr(bufnr) }
end

return M
