--- Which buffers hold notebook files (.ipynb), and how they show them.

local config = require("kernel_bridge.config")
local vocabulary = require("kernel_bridge.vocabulary")

local M = {}

---@alias kernel_bridge.NotebookFormat "py"|"md"|"json"

--- A buffer that shows the cells of a notebook file.
---@class kernel_bridge.Notebook
---@field path string
---@field digest? string SHA-256 of the file as the buffer has it; nil: not written yet
---@field origin? string the file that it was renamed from, which has the metadata of its cells

local notebooks = {} ---@type table<integer, kernel_bridge.Notebook>
local chosen = {} ---@type table<integer, kernel_bridge.NotebookFormat> by buffer

--- The notebook whose cells a buffer shows.
---@param bufnr integer
---@return kernel_bridge.Notebook?
function M.get(bufnr)
  return notebooks[bufnr]
end

---@param bufnr integer
---@param notebook? kernel_bridge.Notebook
function M.set(bufnr, notebook)
  notebooks[bufnr] = notebook
end

--- Records how the user wants to see the notebook of a buffer.
---@param bufnr integer
---@param format kernel_bridge.NotebookFormat
function M.choose(bufnr, format)
  chosen[bufnr] = format
end

---@param path string
---@return boolean
function M.is_notebook(path)
  return path:lower():find("%.ipynb$") ~= nil
end

--- Whether a buffer holds a notebook file on this machine, in any form.
---@param bufnr integer
---@return boolean
function M.holds_file(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  return M.is_notebook(name) and not name:find("://", 1, true) and vim.bo[bufnr].buftype == ""
end

--- Whether a buffer shows the JSON of a notebook.
---@param bufnr integer
---@return boolean
function M.is_raw(bufnr)
  local filetype = vim.bo[bufnr].filetype
  return M.holds_file(bufnr) and not notebooks[bufnr] and (filetype == "json" or filetype == "ipynb")
end

--- The plugin that shows notebooks in its own way, by the group of its autocommand.
---@return string?
function M.other_plugin()
  local autocmd = vim.api.nvim_get_autocmds({ event = "BufReadCmd", pattern = "*.ipynb" })[1]
  return autocmd and (autocmd.group_name or "another plugin")
end

--- Whether another plugin, such as jupytext.nvim, shows the cells of a notebook in a buffer.
---@param bufnr integer
---@return boolean
function M.is_foreign(bufnr)
  local filetype = vim.bo[bufnr].filetype
  local has_cells = vocabulary.comments[filetype] ~= nil or vocabulary.fenced[filetype] ~= nil
  return M.holds_file(bufnr) and has_cells and not notebooks[bufnr] and M.other_plugin() ~= nil
end

--- The notebook file whose outputs a buffer shows.
---@param bufnr integer
---@return string?
function M.path(bufnr)
  local shows_outputs = notebooks[bufnr] or (config.get().notebook.outputs and M.is_foreign(bufnr))
  return shows_outputs and vim.api.nvim_buf_get_name(bufnr) or nil
end

--- How to show the cells of a buffer's notebook; nil: as JSON.
---@param bufnr integer
---@return "py"|"md"|nil
function M.format(bufnr)
  local format = chosen[bufnr] or config.get().notebook.open
  local has_cells = format == "py" or format == "md"
  return has_cells and M.holds_file(bufnr) and not vim.bo[bufnr].binary and format or nil
end

--- Whether to say how the cells can be shown.
---@param bufnr integer
---@return boolean
function M.asks(bufnr)
  return not chosen[bufnr] and config.get().notebook.open == "ask" and M.holds_file(bufnr)
end

vim.api.nvim_create_autocmd("BufWipeout", {
  group = vim.api.nvim_create_augroup("kernel_bridge_notebook_buffers", { clear = true }),
  callback = function(event)
    notebooks[event.buf], chosen[event.buf] = nil, nil
  end,
})

-- The file type of a notebook that is shown as cells is set with their text.
vim.filetype.add({
  extension = {
    ipynb = function(_, bufnr)
      return not (bufnr and M.format(bufnr)) and "json" or nil
    end,
  },
})

return M
