--- Lua API: notebooks and other files, and the history.

local ansi = require("kernel_bridge.ansi")
local client = require("kernel_bridge.client")
local here = require("kernel_bridge.here")
local plural = require("kernel_bridge.plural")
local choices = require("kernel_bridge.select")

---@class kernel_bridge.Api
local M = {}

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

return M
