--- The functions of the Lua API. |kernel_bridge.init| loads this module when one of them is first called.
---
--- Each returns immediately. Results arrive later: in callbacks, on the screen and as |User| events.

local ansi = require("kernel_bridge.ansi")
local cells = require("kernel_bridge.cells")
local client = require("kernel_bridge.client")
local here = require("kernel_bridge.here")
local info = require("kernel_bridge.info")
local kernels = require("kernel_bridge.kernels")
local media = require("kernel_bridge.media")
local output_buffer = require("kernel_bridge.output_buffer")
local outputs = require("kernel_bridge.outputs")
local plural = require("kernel_bridge.plural")
local choices = require("kernel_bridge.select")
local session = require("kernel_bridge.session")
local sheets = require("kernel_bridge.sheets")
local submission = require("kernel_bridge.submission")
require("kernel_bridge.handlers") -- subscribes the drawing modules before a response reports a run

---@class kernel_bridge.Api
local M = {}

M.run = submission.run

local function unit(name)
  return function(opts, answered)
    submission.run(vim.tbl_extend("force", opts or {}, { unit = name }), answered)
  end
end

--- Each runs the unit at the cursor. |kernel-bridge-units|
M.run_line = unit("line") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)
M.run_cell = unit("cell") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)
M.run_above = unit("above") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)
M.run_below = unit("below") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)
M.run_all = unit("all") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)

--- Runs the cell at the cursor and moves to the next one. Text cells are not run.
---@param opts? kernel_bridge.RunOpts
function M.run_and_advance(opts)
  M.run_cell(opts, function(failed)
    return failed ~= nil and (failed.data or {}).kind == "NothingToRun"
  end)
  cells.jump(1)
end

-- Kernels

---@class kernel_bridge.Start: kernel_bridge.At
---@field spec? string name of a kernelspec; default: the best match for the buffer
---@field python? string path of an interpreter

--- Starts a kernel for the buffer.
---@param opts? kernel_bridge.Start
---@param answered? fun(failed: lsp.ResponseError?, kernel: kernel_bridge.Kernel?)
function M.start(opts, answered)
  opts = opts or {}
  local bufnr = here.buffer(opts)
  kernels.start(bufnr, opts, function(failed, kernel)
    if answered then
      answered(failed, kernel)
    end
    if failed and (failed.data or {}).kind == "KernelRequired" then
      choices.offer(bufnr, failed.data.specs)
      return true
    end
  end)
end

---@class kernel_bridge.Attach: kernel_bridge.At
---@field connection? string a connection file, or the ID of a running kernel; default: the user chooses

--- Attaches the buffer to a running kernel.
---@param opts? kernel_bridge.Attach
function M.attach(opts)
  opts = opts or {}
  if opts.connection then
    return kernels.attach(here.buffer(opts), opts.connection)
  end
  choices.attach(here.buffer(opts))
end

--- Lets the user start a kernel for the buffer or attach it to a running one.
---@param opts? kernel_bridge.At
function M.select(opts)
  choices.choose(here.buffer(opts))
end

---@param name string a command that takes a KernelRef
---@param describe fun(result: table): string?, integer? the message about a result, and its level
local function of_kernel(name, describe)
  return function(opts, answered)
    local bufnr = here.buffer(opts)
    local argument = here.code(bufnr)
    if name == "interruptKernel" then
      argument.position = nil -- the busy one
    end
    client.command(bufnr, name, argument, function(failed, result)
      local message, level
      if result then
        message, level = describe(result)
      end
      if message then
        client.notify(message, level)
      end
      return answered and answered(failed, result)
    end)
  end
end

--- Interrupts the buffer's kernel and clears its queue.
M.interrupt = of_kernel("interruptKernel", function(result)
  if result.outcome == "ignored" then
    return "the kernel ignored the interrupt; to stop it and discard its variables, use :KernelBridge restart",
      vim.log.levels.WARN
  elseif result.outcome == "died" then
    return "the interrupt killed the kernel; start it again with :KernelBridge restart", vim.log.levels.ERROR
  end
end) ---@type fun(opts?: kernel_bridge.At, answered?: function)

--- Restarts the buffer's kernel, dead or alive.
---@param opts? kernel_bridge.At
---@param answered? fun(failed: lsp.ResponseError?, kernel: kernel_bridge.Kernel?)
function M.restart(opts, answered)
  kernels.restart(here.buffer(opts), answered)
end

--- Shuts down the buffer's kernel.
M.shutdown = of_kernel("shutdownKernel", function()
  return "the kernel was shut down"
end) ---@type fun(opts?: kernel_bridge.At, answered?: function)

--- Stops following the buffer's kernel and leaves it running.
M.detach = of_kernel("detachKernel", function()
  return "detached; the kernel keeps running"
end) ---@type fun(opts?: kernel_bridge.At, answered?: function)

--- Restarts the buffer's kernel and runs all cells.
---@param opts? kernel_bridge.At
function M.restart_and_run(opts)
  local bufnr = here.buffer(opts)
  M.restart({ bufnr = bufnr }, function(failed)
    if not failed then
      M.run_all({ bufnr = bufnr })
    end
  end)
end

-- Runs

--- Removes the run at the cursor from the queue, or interrupts it.
---@param opts? kernel_bridge.At
function M.cancel(opts)
  local entry = here.entry(opts)
  if entry then
    client.command(here.buffer(opts), "cancelRun", { runId = entry.run.id })
  end
end

--- Inserts what the kernel proposes as its next input after the run at the cursor, such as the code that %load read.
---@param opts? kernel_bridge.At
function M.insert(opts)
  local entry = here.entry(opts)
  if not entry then
    return
  elseif not entry.run.nextInput then
    return client.notify("the kernel proposes no next input here", vim.log.levels.WARN)
  end
  client.command(here.buffer(opts), "insertNextInput", { runId = entry.run.id }, function(failed)
    if not failed then
      session.inserted(entry.run.id)
    end
  end)
end

--- Opens the whole output of the run at the cursor.
---@param opts? kernel_bridge.At
function M.output(opts)
  local entry = here.entry(opts)
  if entry then
    output_buffer.open(entry)
  end
end

--- Opens the images and pages of the run at the cursor in the system's viewer or browser.
---@param opts? kernel_bridge.At
function M.open(opts)
  local entry = here.entry(opts)
  if not entry then
    return
  end
  local found = vim.tbl_filter(media.openable, entry.outputs)
  for _, output in ipairs(found) do
    media.open(entry, output)
  end
  if #found == 0 then
    client.notify("this run has only text; :KernelBridge output opens it", vim.log.levels.WARN)
  end
end

---@class kernel_bridge.Copy: kernel_bridge.At
---@field register? string default: |v:register|

--- Copies the text of the run at the cursor into a register.
---@param opts? kernel_bridge.Copy
function M.copy(opts)
  local entry = here.entry(opts)
  if not entry then
    return
  end
  local parts = {}
  for _, output in ipairs(entry.outputs) do
    local words = outputs.text(output)
    if words then
      parts[#parts + 1] = output.stream and words or words .. "\n"
    end
  end
  local lines = vim.tbl_map(ansi.plain, vim.split(table.concat(parts), "\n", { plain = true }))
  if lines[#lines] == "" then
    table.remove(lines)
  end
  if #lines == 0 then
    return client.notify("this run has no text to copy", vim.log.levels.WARN)
  end
  vim.fn.setreg(opts and opts.register or vim.v.register, lines, "l")
  client.notify(plural(#lines, "line") .. " copied")
end

--- Removes all results from the buffer. They stay in the history.
---@param opts? kernel_bridge.At
function M.clear(opts)
  sheets.clear(here.buffer(opts))
end

---@class kernel_bridge.Export: kernel_bridge.At
---@field path? string default: the user is asked
---@field overwrite? boolean replace an existing file

--- Writes the buffer's runs to a notebook, or to a script, Markdown or HTML if the path ends in .py, .md or .html.
---@param opts? kernel_bridge.Export
function M.export(opts)
  opts = opts or {}
  local bufnr = here.buffer(opts)
  local beside = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(bufnr), ":r") .. ".ipynb"
  if not opts.path and opts.overwrite then
    return M.export({ bufnr = bufnr, path = beside, overwrite = true })
  elseif not opts.path then
    return vim.ui.input({ prompt = "Export to: ", default = beside, completion = "file" }, function(path)
      if path and path ~= "" then
        M.export(vim.tbl_extend("force", opts, { bufnr = bufnr, path = path }))
      end
    end)
  end
  local path = vim.fs.abspath(vim.fs.normalize(opts.path))
  local format = ({ py = "py", md = "md", html = "html" })[path:match("%.(%w+)$")] or "ipynb"
  local argument = {
    path = path,
    format = format,
    -- A buffer can show a notebook as a script (jupytext.nvim). Its file takes the outputs back.
    mode = path == vim.fs.normalize(vim.api.nvim_buf_get_name(bufnr)) and "document" or "runs",
    textDocument = client.document(bufnr),
    overwrite = opts.overwrite or false,
  }
  client.command(bufnr, "export", argument, function(failed, result)
    if result then
      local cells_written = plural(result.cells, "cell") .. " written to "
      client.notify(cells_written .. vim.fn.fnamemodify(result.path, ":~:."))
    elseif failed and (failed.data or {}).kind == "ExportExists" then
      vim.ui.select({ "Overwrite", "Cancel" }, { prompt = ansi.legible(failed.message) }, function(choice)
        if choice == "Overwrite" then
          M.export({ bufnr = bufnr, path = path, overwrite = true })
        end
      end)
      return true
    end
  end)
end

---@class kernel_bridge.History: kernel_bridge.At
---@field text? string only runs whose code contains this text
---@field limit? integer maximum number of runs

--- Lets the user choose one of the buffer's past runs, including those of earlier sessions, and opens its output.
---@param opts? kernel_bridge.History
function M.history(opts)
  choices.history(here.buffer(opts), opts or {})
end

-- Information

--- Shows the kernel and the server of the buffer in a floating window.
---@param opts? kernel_bridge.At
function M.info(opts)
  info.show(here.buffer(opts))
end

--- Opens the log of Neovim's language servers, which contains the server's messages.
function M.log()
  vim.cmd.tabnew(vim.fn.fnameescape(vim.lsp.get_log_path()))
  vim.bo.autoread = true
  vim.cmd("normal! G")
end

--- Returns the kernel of a buffer.
---@param bufnr? integer
---@return kernel_bridge.Kernel?
function M.kernel(bufnr)
  return session.kernel_of(here.resolve(bufnr))
end

M.statusline = info.statusline

return M
