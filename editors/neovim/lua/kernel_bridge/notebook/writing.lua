--- Writes a buffer that shows the cells of a notebook, and notices when another program changes the file.

local buffers = require("kernel_bridge.notebook.buffers")
local client = require("kernel_bridge.client")
local outputs = require("kernel_bridge.notebook.outputs")
local plural = require("kernel_bridge.plural")

local M = {}

local group = vim.api.nvim_create_augroup("kernel_bridge_notebook_writing", { clear = true })

---@param path string
---@return string
local function short(path)
  return vim.fn.fnamemodify(path, ":~:.")
end

--- The digest of a file; nil if it cannot be read.
---@param path string
---@return string?
local function digest_of(path)
  local file = io.open(path, "rb")
  local content = file and file:read("*a")
  if file then
    file:close()
  end
  return content and vim.fn.sha256(content)
end

--- Asks what to do about a file that another program has changed, as Vim does.
---@param path string
---@return "overwrite"|"reload"|nil
local function ask_conflict(path)
  local question = ("%s has changed on disk since it was read."):format(short(path))
  local answer = vim.fn.confirm(question, "&Overwrite\n&Reload (discards my changes)\n&Cancel", 3, "Warning")
  return ({ "overwrite", "reload" })[answer]
end

--- Writes cells and outputs to a notebook file.
---@param bufnr integer
---@param path string
---@param force boolean also if the file has changed on disk
---@return boolean written
local function save(bufnr, path, force)
  local notebook = assert(buffers.get(bufnr))
  local origin = notebook.origin or notebook.path
  local argument = outputs.export(bufnr, path)
  if path == origin then
    argument.digest = not force and vim.uv.fs_stat(path) and notebook.digest or nil
  elseif vim.uv.fs_copyfile(origin, path) then -- the ids, metadata and attachments of its cells
    argument.digest, argument.runIds = digest_of(path), outputs.shown(bufnr)
  end
  local result, failed = client.wait(bufnr, "export", argument, true)
  if failed and (failed.data or {}).kind == "FileChanged" then
    local choice = ask_conflict(path)
    if choice == "overwrite" then
      return save(bufnr, path, true)
    elseif choice == "reload" then
      vim.schedule(function()
        vim.api.nvim_buf_call(bufnr, function()
          vim.cmd.edit({ bang = true })
        end)
      end)
    end
    return false
  elseif not result then
    local reason = failed and failed.message or "no answer"
    client.notify(("%s was not written: %s"):format(short(path), reason), vim.log.levels.ERROR)
    return false
  end
  if path == notebook.path then
    notebook.digest, notebook.origin = result.digest or digest_of(path), nil
    vim.bo[bufnr].modified = false
  end
  vim.api.nvim_echo({ { ('"%s" %s written'):format(short(path), plural(result.cells, "cell")) } }, false, {})
  return true
end

--- Writes lines as text to a file that is no notebook.
---@param range string
---@param target string
local function write_text(range, target)
  vim.cmd(("noautocmd keepalt %swrite! %s"):format(range, target))
end

---@param event vim.api.keyset.create_autocmd.callback_args
local function write(event)
  local target = vim.fs.normalize(vim.fn.fnamemodify(event.match, ":p"))
  vim.api.nvim_exec_autocmds("BufWritePre", { pattern = event.match, modeline = false })
  local written = true
  if buffers.is_notebook(target) then
    written = save(event.buf, target, vim.v.cmdbang == 1)
  else
    write_text("", vim.fn.fnameescape(target))
  end
  if written then
    vim.api.nvim_exec_autocmds("BufWritePost", { pattern = event.match, modeline = false })
  end
end

---@param event vim.api.keyset.create_autocmd.callback_args
local function write_part(event)
  local appends = event.event == "FileAppendCmd"
  if buffers.is_notebook(event.match) then
    local message = "a part of a notebook cannot be %s %s"
    message = message:format(appends and "appended to" or "written as", short(event.match))
    return client.notify(message, vim.log.levels.ERROR)
  end
  write_text("'[,']", (appends and ">> " or "") .. vim.fn.fnameescape(event.match))
end

--- Decides what happens to a buffer whose file another program has changed. 'autoread' is off in such buffers, because
--- Vim would compare their text to the JSON.
---@param event vim.api.keyset.create_autocmd.callback_args
local function changed_on_disk(event)
  local notebook, is_deleted = assert(buffers.get(event.buf)), vim.v.fcs_reason == "deleted"
  if not is_deleted and digest_of(notebook.path) == notebook.digest then
    vim.v.fcs_choice = ""
  elseif not is_deleted and not vim.bo[event.buf].modified and vim.go.autoread then
    vim.v.fcs_choice = "reload"
  else
    vim.v.fcs_choice = "ask"
  end
end

---@param event vim.api.keyset.create_autocmd.callback_args
local function renamed(event)
  if buffers.holds_file(event.buf) then
    local before = assert(buffers.get(event.buf))
    local path = vim.api.nvim_buf_get_name(event.buf)
    buffers.set(event.buf, { path = path, origin = before.origin or before.path })
  else
    M.release(event.buf)
  end
end

--- Writes a buffer as a notebook from now on.
---@param bufnr integer
---@param notebook kernel_bridge.Notebook
function M.take(bufnr, notebook)
  buffers.set(bufnr, notebook)
  vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  vim.bo[bufnr].autoread = false
  local function on(events, callback)
    vim.api.nvim_create_autocmd(events, { group = group, buffer = bufnr, callback = callback, nested = true })
  end
  on("BufWriteCmd", write)
  on({ "FileWriteCmd", "FileAppendCmd" }, write_part)
  on("FileChangedShell", changed_on_disk)
  on("BufFilePost", renamed)
end

--- Lets Vim write a buffer like any other.
---@param bufnr integer
function M.release(bufnr)
  if buffers.get(bufnr) then
    buffers.set(bufnr, nil)
    vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
    vim.api.nvim_buf_call(bufnr, function()
      vim.cmd("setlocal autoread<")
    end)
  end
end

return M
