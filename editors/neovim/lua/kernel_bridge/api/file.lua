--- Lua API: notebooks and other files, and the history.

local ansi = require("kernel_bridge.ansi")
local client = require("kernel_bridge.client")
local here = require("kernel_bridge.here")
local notebook = require("kernel_bridge.notebook")
local past_runs = require("kernel_bridge.past_runs")
local plural = require("kernel_bridge.plural")
local restore = require("kernel_bridge.restore")

---@class kernel_bridge.Api
local M = {}

---@class kernel_bridge.Export: kernel_bridge.At
---@field path? string default: the user is asked
---@field mode? "document"|"runs" the file with the newest output of each cell (default), or its runs in order
---@field overwrite? boolean replace an existing file; without a path, the one that was exported last

local FORMATS = { py = "py", md = "md", html = "html" }

local exported = {} ---@type table<integer, string> the path of the last export, by buffer

--- Proposes a notebook that neither exists nor is open.
---@param bufnr integer
---@return string
local function proposal(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  local stem = name == "" and vim.fs.joinpath(vim.fn.getcwd(), "notebook") or vim.fn.fnamemodify(name, ":r")
  local path, count = stem .. ".ipynb", 1
  while vim.uv.fs_lstat(path) or vim.fn.bufexists(path) == 1 do
    count = count + 1
    path = ("%s-%d.ipynb"):format(stem, count)
  end
  return vim.fn.fnamemodify(path, ":~:.")
end

--- Writes the buffer, with the outputs of its cells, to a notebook, or to a script, Markdown or HTML if the path ends
--- in .py, .md or .html.
---@param opts? kernel_bridge.Export
function M.export(opts)
  opts = opts or {}
  local bufnr = here.buffer(opts)
  local given = opts.path or opts.overwrite and exported[bufnr]
  if not given then
    local ask = { prompt = "Export to: ", default = proposal(bufnr), completion = "file" }
    return vim.ui.input(ask, function(path)
      if path and path ~= "" then
        M.export({ bufnr = bufnr, mode = opts.mode, path = path })
      end
    end)
  end
  local path = vim.fs.abspath(vim.fs.normalize(given))
  local format = FORMATS[path:match("%.(%w+)$")] or "ipynb"
  local is_itself = path == vim.fs.normalize(vim.api.nvim_buf_get_name(bufnr))
  if is_itself and format ~= "ipynb" then
    local name = vim.fn.fnamemodify(path, ":~:.")
    return client.notify(name .. " is the file itself; name another one to export to", vim.log.levels.ERROR)
  end
  local argument = {
    path = path,
    format = format,
    mode = is_itself and "document" or opts.mode or "document",
    textDocument = client.document(bufnr),
    overwrite = opts.overwrite or false,
  }
  client.command(bufnr, "export", argument, function(failed, result)
    if result then
      exported[bufnr] = path
      local cells_written = plural(result.cells, "cell") .. " written to "
      client.notify(cells_written .. vim.fn.fnamemodify(result.path, ":~:."))
    elseif failed and (failed.data or {}).kind == "ExportExists" then
      vim.ui.select({ "Overwrite", "Cancel" }, { prompt = ansi.legible(failed.message) }, function(choice)
        if choice == "Overwrite" then
          M.export({ bufnr = bufnr, mode = opts.mode, path = path, overwrite = true })
        end
      end)
      return true
    end
  end)
end

---@class kernel_bridge.NotebookOpts: kernel_bridge.At
---@field format? kernel_bridge.NotebookFormat default: as configured, or "py"
---@field force? boolean discard unsaved changes

--- Shows the notebook of a buffer as a script with cells, as Markdown, or as its JSON.
---@param opts? kernel_bridge.NotebookOpts
function M.notebook(opts)
  opts = opts or {}
  notebook.open(here.buffer(opts), opts.format, opts.force)
end

---@class kernel_bridge.Import: kernel_bridge.At
---@field path string a notebook file

--- Shows the outputs in a notebook file under the cells of the buffer with the same code.
---@param opts kernel_bridge.Import
function M.import(opts)
  local path = vim.fs.abspath(vim.fs.normalize(opts.path))
  restore.restore(here.buffer(opts), path, function(failed, count)
    if failed then
      return
    end
    local name = vim.fn.fnamemodify(path, ":~:.")
    local found = count == 0 and "no cell here has the code of an output in %s"
      or plural(count, "result") .. " shown from %s"
    client.notify(found:format(name), count == 0 and vim.log.levels.WARN or nil)
  end)
end

---@class kernel_bridge.History: kernel_bridge.At
---@field text? string only runs whose code contains this text
---@field limit? integer maximum number of runs

--- Lets the user choose one of the buffer's past runs, including those of earlier sessions, and opens its output.
---@param opts? kernel_bridge.History
function M.history(opts)
  past_runs.choose(here.buffer(opts), opts or {})
end

return M
