--- The functions of the Lua API that do something: |kernel_bridge.init| loads them when the first is called.
---
--- Each returns at once. Results arrive later, in tables, on the screen and as |User| events.

local ansi = require("kernel_bridge.ansi")
local cells = require("kernel_bridge.cells")
local client = require("kernel_bridge.client")
local here = require("kernel_bridge.here")
local info = require("kernel_bridge.info")
local kernels = require("kernel_bridge.kernels")
local media = require("kernel_bridge.media")
local output_buffer = require("kernel_bridge.output_buffer")
local outputs = require("kernel_bridge.outputs")
local choices = require("kernel_bridge.select")
local session = require("kernel_bridge.session")
local sheets = require("kernel_bridge.sheets")
local submission = require("kernel_bridge.submission")
require("kernel_bridge.handlers") -- subscribes what draws before an answer reports a run

---@class kernel_bridge.Api
local M = {}

M.run = submission.run

local function unit(name)
  return function(opts, answered)
    submission.run(vim.tbl_extend("force", opts or {}, { unit = name }), answered)
  end
end

--- Each runs a unit at the cursor; see |kernel-bridge-units|.
M.run_line = unit("line") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)
M.run_cell = unit("cell") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)
M.run_above = unit("above") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)
M.run_below = unit("below") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)
M.run_all = unit("all") ---@type fun(opts?: kernel_bridge.RunOpts, answered?: function)

--- Runs the cell at the cursor and goes to the next; cells of text are skipped.
---@param opts? kernel_bridge.RunOpts
function M.run_and_advance(opts)
  M.run_cell(opts, function(failed)
    return failed ~= nil and (failed.data or {}).kind == "NothingToRun"
  end)
  cells.jump(1)
end

-- Kernels

---@class kernel_bridge.Start: kernel_bridge.At
---@field spec? string the name of a kernelspec; else the best for the buffer
---@field python? string an interpreter

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
---@field connection? string a connection file, or the id of a kernel that runs; without it a person chooses

--- Follows a kernel that runs already, and makes it the buffer's.
---@param opts? kernel_bridge.Attach
function M.attach(opts)
  opts = opts or {}
  if opts.connection then
    return kernels.attach(here.buffer(opts), opts.connection)
  end
  choices.attach(here.buffer(opts))
end

--- Lets a person choose the buffer's kernel, of those that run and those that can be started.
---@param opts? kernel_bridge.At
function M.select(opts)
  choices.choose(here.buffer(opts))
end

---@param name string a command that takes a KernelRef
---@param said fun(result: table): string?, integer?
local function of_kernel(name, said)
  return function(opts, answered)
    local bufnr = here.buffer(opts)
    client.command(bufnr, name, { textDocument = client.document(bufnr) }, function(failed, result)
      local words, level
      if result then
        words, level = said(result)
      end
      if words then
        client.notify(words, level)
      end
      return answered and answered(failed, result)
    end)
  end
end

--- Interrupts the buffer's kernel, and takes what waits out of its queue.
M.interrupt = of_kernel("interruptKernel", function(result)
  if result.outcome == "ignored" then
    return "the kernel ignores the interrupt; :KernelBridge restart loses its state", vim.log.levels.WARN
  elseif result.outcome == "died" then
    return "the kernel died of the interrupt", vim.log.levels.ERROR
  end
end) ---@type fun(opts?: kernel_bridge.At, answered?: function)

--- A new process for the buffer's kernel, also where it is dead.
---@param opts? kernel_bridge.At
---@param answered? fun(failed: lsp.ResponseError?, kernel: kernel_bridge.Kernel?)
function M.restart(opts, answered)
  kernels.restart(here.buffer(opts), answered)
end

--- Ends the buffer's kernel.
M.shutdown = of_kernel("shutdownKernel", function()
  return "the kernel has been shut down"
end) ---@type fun(opts?: kernel_bridge.At, answered?: function)

--- Leaves the buffer's kernel running on its own.
M.detach = of_kernel("detachKernel", function()
  return "the kernel goes on by itself"
end) ---@type fun(opts?: kernel_bridge.At, answered?: function)

--- Restarts the buffer's kernel, then runs every cell.
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

--- Takes the run at the cursor out of the queue, or interrupts it.
---@param opts? kernel_bridge.At
function M.cancel(opts)
  local entry = here.entry(opts)
  if entry then
    client.command(here.buffer(opts), "cancelRun", { runId = entry.run.id })
  end
end

--- Opens the whole output of the run at the cursor in a buffer.
---@param opts? kernel_bridge.At
function M.output(opts)
  local entry = here.entry(opts)
  if entry then
    output_buffer.open(entry)
  end
end

--- Opens the pictures and pages of the run at the cursor in the system's viewer.
---@param opts? kernel_bridge.At
function M.open(opts)
  local entry = here.entry(opts)
  if not entry then
    return
  end
  local opened = 0
  for _, output in ipairs(entry.outputs) do
    local medium = media.openable(output)
    if medium then
      opened = opened + 1
      media.open(medium)
    end
  end
  if opened == 0 then
    client.notify("this output has nothing to open", vim.log.levels.WARN)
  end
end

---@class kernel_bridge.Copy: kernel_bridge.At
---@field register? string default: what y would use

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
    return client.notify("this run has put out no text", vim.log.levels.WARN)
  end
  vim.fn.setreg(opts and opts.register or vim.v.register, lines, "l")
  client.notify(("%d lines copied"):format(#lines))
end

--- Takes all results out of the buffer; nothing is lost to the history.
---@param opts? kernel_bridge.At
function M.clear(opts)
  sheets.clear(here.buffer(opts))
end

---@class kernel_bridge.Export: kernel_bridge.At
---@field path? string else a person is asked
---@field overwrite? boolean

--- Writes what ran in the buffer to a notebook, or by the path's extension to py, md or html.
---@param opts? kernel_bridge.Export
function M.export(opts)
  opts = opts or {}
  local bufnr = here.buffer(opts)
  if not opts.path then
    local default = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(bufnr), ":r") .. ".ipynb"
    return vim.ui.input({ prompt = "Export to: ", default = default, completion = "file" }, function(path)
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
    textDocument = client.document(bufnr),
    overwrite = opts.overwrite or false,
  }
  client.command(bufnr, "export", argument, function(failed, result)
    if result then
      client.notify(("%d cells written to %s"):format(result.cells, vim.fn.fnamemodify(result.path, ":~:.")))
    elseif failed and (failed.data or {}).kind == "ExportExists" then
      vim.ui.select({ "Overwrite", "Leave it" }, { prompt = ansi.legible(failed.message) }, function(choice)
        if choice == "Overwrite" then
          M.export({ bufnr = bufnr, path = path, overwrite = true })
        end
      end)
      return true
    end
  end)
end

---@class kernel_bridge.History: kernel_bridge.At
---@field text? string a part of the source
---@field limit? integer

--- Lets a person choose one of the buffer's past runs, across sessions, and opens its output.
---@param opts? kernel_bridge.History
function M.history(opts)
  choices.history(here.buffer(opts), opts or {})
end

-- What there is

--- What is known of the buffer's kernel, in a floating window.
---@param opts? kernel_bridge.At
function M.info(opts)
  info.show(here.buffer(opts))
end

--- Opens the log of Neovim's language servers, where this one's messages are.
function M.log()
  vim.cmd.tabnew(vim.fn.fnameescape(vim.lsp.get_log_path()))
  vim.bo.autoread = true
  vim.cmd("normal! G")
end

--- The kernel of a buffer, for other plugins.
---@param bufnr? integer
---@return kernel_bridge.Kernel?
function M.kernel(bufnr)
  return session.kernel_of(here.resolve(bufnr))
end

M.statusline = info.statusline

return M
