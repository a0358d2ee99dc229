--- Finds the program of the language server, and the folder of its workspace.

local config = require("kernel_bridge.config")

local M = {}

local ROOT_MARKERS = { ".git", "pyproject.toml", "Project.toml", "package.json", ".venv" }

--- Servers in workspaces that the user has allowed to run, by path.
---@type table<string, true>
local allowed = {}

--- Finds the server in the workspace's own environment. The program may be untrusted.
---@param root string? the workspace's folder
---@return string? path
---@return string[] places that were searched
local function in_workspace(root)
  local places = {}
  for _, folder in ipairs({ ".venv", "venv" }) do
    for _, name in ipairs({ "bin/kernel-bridge", "Scripts/kernel-bridge.exe" }) do
      local path = vim.fs.joinpath(root or vim.fn.getcwd(), folder, name)
      if vim.fn.executable(path) == 1 then
        return path, { path }
      end
    end
    places[#places + 1] = vim.fs.joinpath(root or vim.fn.getcwd(), folder)
  end
  return nil, places
end

--- Finds the server's command line. Skips a server in the workspace until the user has allowed it.
---@param root string? the workspace's folder
---@return string[]? command nil if none was found
---@return string[] places that were searched
function M.find(root)
  local configured = config.get().command
  if configured then
    return vim.fn.executable(configured[1]) == 1 and configured or nil,
      { "the `command` option: " .. configured[1] }
  end
  local on_path = vim.fn.exepath("kernel-bridge")
  if on_path ~= "" then
    return { on_path, "--stdio" }, { on_path }
  end
  local path, places = in_workspace(root)
  if path and allowed[path] then
    return { path, "--stdio" }, { path }
  end
  return nil, { "PATH", path and path .. " (not trusted, see :help kernel-bridge-server)" or unpack(places) }
end

--- Like `find`, but asks the user whether to run a server in the workspace. For commands that need a kernel.
---@param root string? the workspace's folder
---@return string[]? command
---@return string[] places
function M.find_or_ask(root)
  local command, places = M.find(root)
  local path = not command and not config.get().command and in_workspace(root)
  if path and vim.secure.read(path) then
    allowed[path] = true
    return M.find(root)
  end
  return command, places
end

---@param bufnr integer
---@return string?
function M.root(bufnr)
  return vim.fs.root(bufnr, ROOT_MARKERS)
end

--- Whether another unnamed buffer is attached. To a language server, both would be the same document.
---@param bufnr integer
---@return boolean
function M.is_ambiguous(bufnr)
  if vim.api.nvim_buf_get_name(bufnr) ~= "" then
    return false
  end
  for _, client in ipairs(vim.lsp.get_clients({ name = "kernel_bridge" })) do
    for other in pairs(client.attached_buffers) do
      if other ~= bufnr and vim.api.nvim_buf_get_name(other) == "" then
        return true
      end
    end
  end
  return false
end

--- Whether a buffer is a copy of the code in another buffer's fences: otter.nvim makes one for each language.
---@param bufnr integer
---@return boolean
function M.is_copy(bufnr)
  return vim.api.nvim_buf_get_name(bufnr):find("%.otter%.%w+$") ~= nil
end

return M
