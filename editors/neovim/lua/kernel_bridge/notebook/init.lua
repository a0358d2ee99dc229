--- Notebook files (.ipynb) as documents: a buffer has the cells as text, and the outputs of the file under them.
--- Writing it writes both back.
---
--- Vim reads the JSON as any file, so that swap files, timestamps, sessions and |:checktime| work. Then the text is
--- replaced. Server and kernel never see the JSON.

local ansi = require("kernel_bridge.ansi")
local buffers = require("kernel_bridge.notebook.buffers")
local client = require("kernel_bridge.client")
local config = require("kernel_bridge.config")
local outputs = require("kernel_bridge.notebook.outputs")
local vocabulary = require("kernel_bridge.vocabulary")
local writing = require("kernel_bridge.notebook.writing")

local M = {}

M.is_raw = buffers.is_raw

local HINT = "  ↳ :KernelBridge notebook shows the cells and their outputs"

local namespace = vim.api.nvim_create_namespace("kernel_bridge_notebook")
local read_by_others = {} ---@type table<integer, true> buffers of other plugins that show the file's outputs

---@param bufnr integer
---@return string
local function short_name(bufnr)
  return vim.fn.fnamemodify(vim.api.nvim_buf_get_name(bufnr), ":~:.")
end

--- Calls `change` without language clients, because Neovim compares a reloaded text to the one before the reload.
--- Attaches them again if the buffer still has the same language.
---@param bufnr integer
---@param change fun()
local function without_clients(bufnr, change)
  local filetype, clients = vim.bo[bufnr].filetype, vim.lsp.get_clients({ bufnr = bufnr })
  for _, attached in ipairs(clients) do
    vim.lsp.buf_detach_client(bufnr, attached.id)
  end
  change()
  for _, before in ipairs(vim.bo[bufnr].filetype == filetype and clients or {}) do
    vim.lsp.buf_attach_client(bufnr, before.id)
  end
end

--- Replaces the text that Vim read.
---@param bufnr integer
---@param lines string[]
---@param is_reload boolean undo returns to the text before the reload
local function set_text(bufnr, lines, is_reload)
  local levels = vim.bo[bufnr].undolevels
  if not is_reload then
    vim.bo[bufnr].undolevels = -1
  end
  vim.fn.setbufline(bufnr, 1, lines) -- keeps marks, unlike nvim_buf_set_lines()
  if vim.api.nvim_buf_line_count(bufnr) > #lines then
    vim.fn.deletebufline(bufnr, #lines + 1, "$")
  end
  vim.bo[bufnr].undolevels = levels
  for option, value in pairs({ fileformat = "unix", fileencoding = "utf-8", bomb = false, endofline = true }) do
    vim.bo[bufnr][option] = value
  end
  vim.bo[bufnr].modified = false
end

--- Whether a buffer has the text of a swap file, see |:recover|. It is not JSON, and must not be written as it is.
---@param bufnr integer
---@return boolean
local function is_recovered(bufnr)
  local start = vim.trim(table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, 9, false)))
  return start ~= "" and start:sub(1, 1) ~= "{" and buffers.holds_file(bufnr)
end

--- Begins a notebook whose file does not exist yet, or cannot be read.
---@param bufnr integer
---@param format "py"|"md"
local function begin(bufnr, format)
  writing.take(bufnr, { path = vim.api.nvim_buf_get_name(bufnr) })
  vim.bo[bufnr].filetype = format == "md" and "markdown" or "python"
end

--- Shows the cells of a notebook that Vim has read as JSON.
---@param bufnr integer
---@param format "py"|"md"
local function fill(bufnr, format)
  local path = vim.api.nvim_buf_get_name(bufnr)
  local opened, failed = client.wait(bufnr, "openNotebook", { path = path, format = format }, false)
  if not opened then
    if is_recovered(bufnr) then
      begin(bufnr, format)
    else
      writing.release(bufnr)
      vim.bo[bufnr].filetype = "json"
    end
    return client.notify(failed and failed.message or "cannot open " .. path, vim.log.levels.ERROR)
  end
  without_clients(bufnr, function()
    if not is_recovered(bufnr) then
      local lines = vim.split((opened.text:gsub("\n$", "")), "\n", { plain = true })
      set_text(bufnr, lines, buffers.get(bufnr) ~= nil and vim.fn.undotree(bufnr).seq_last > 0)
    end
    vim.bo[bufnr].filetype = vocabulary.filetypes[opened.languageId] or opened.languageId
  end)
  writing.take(bufnr, { path = path, digest = opened.digest })
  outputs.show(bufnr, path)
end

--- Shows a notebook as configured.
---@param bufnr integer
---@param show fun(bufnr: integer, format: "py"|"md") shows its cells
local function read(bufnr, show)
  vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  local format = buffers.format(bufnr) or is_recovered(bufnr) and "py"
  if format then
    return show(bufnr, format)
  end
  writing.release(bufnr)
  if buffers.asks(bufnr) then
    local chunks = { { HINT, "KernelBridgeMore" } }
    vim.api.nvim_buf_set_extmark(bufnr, namespace, 0, 0, { virt_text = chunks, virt_text_pos = "eol" })
  end
end

--- Shows the notebook of a buffer in another form. Its changes must be saved, or are discarded with `force`.
---@param bufnr integer
---@param format? kernel_bridge.NotebookFormat default: as configured, or "py"
---@param force? boolean
function M.open(bufnr, format, force)
  local plugin = buffers.other_plugin()
  local problem
  if not buffers.holds_file(bufnr) then
    problem = short_name(bufnr) .. " is not a notebook file (.ipynb)"
  elseif plugin then
    problem = "notebooks are opened by " .. plugin
  elseif vim.bo[bufnr].modified and not force then
    local how = "save it first (:w), or discard them with :KernelBridge! notebook"
    problem = ("%s has changes; %s"):format(short_name(bufnr), how)
  end
  if problem then
    return client.notify(problem, vim.log.levels.ERROR)
  end
  buffers.choose(bufnr, format or (config.get().notebook.open == "md" and "md" or "py"))
  vim.api.nvim_buf_call(bufnr, function()
    vim.cmd.edit({ bang = true })
  end)
end

--- Offers to show the cells of a notebook whose JSON is open, because JSON does not run.
---@param bufnr integer
function M.offer(bufnr)
  local choices = { { "py", "Script with # %% cells" }, { "md", "Markdown with code fences" } }
  local prompt = ("%s is open as JSON, which does not run. Open its cells as:"):format(short_name(bufnr))
  vim.ui.select(choices, {
    prompt = ansi.legible(prompt),
    kind = "kernel_bridge",
    format_item = function(choice)
      return choice[2]
    end,
  }, function(choice)
    if choice then
      M.open(bufnr, choice[1])
    end
  end)
end

--- Handles the events of notebook files. A plugin that reads them itself (BufReadCmd) prevents BufReadPost.
---@param event vim.api.keyset.create_autocmd.callback_args
function M.on(event)
  local bufnr, name = event.buf, event.event
  if name == "BufReadPost" then
    read(bufnr, fill)
  elseif name == "BufNewFile" then
    read(bufnr, begin)
  elseif name == "BufUnload" then
    read_by_others[bufnr] = nil
  elseif name ~= "BufReadPre" and not buffers.get(bufnr) and buffers.path(bufnr) then
    local path = vim.api.nvim_buf_get_name(bufnr)
    if name == "BufWinEnter" and not read_by_others[bufnr] then
      read_by_others[bufnr] = true
      outputs.show(bufnr, path)
    elseif name == "BufWritePost" and #outputs.shown(bufnr) > 0 then
      local argument = outputs.export(bufnr, path)
      argument.runIds = outputs.shown(bufnr)
      client.command(bufnr, "export", argument, function(failed)
        return failed and (failed.data or {}).kind == "NothingToExport" -- no whole cell has run
      end)
    end
  end
end

return M
