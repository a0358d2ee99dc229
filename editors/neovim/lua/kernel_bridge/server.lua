--- The language server: which program it is, for which files it starts, and what it is told.

local M = {}

--- File types that some Jupyter kernel runs, by Neovim's names.
-- stylua: ignore
local FILETYPES = {
  "python", "r", "rmd", "quarto", "julia", "sh", "bash", "zsh", "fish", "nu", "xonsh", "matlab", "octave", "scilab",
  "javascript", "javascriptreact", "typescript", "typescriptreact", "coffee", "c", "cpp", "cuda", "cs", "fsharp", "vb",
  "ps1", "java", "kotlin", "scala", "groovy", "clojure", "go", "rust", "zig", "d", "swift", "dart", "ruby", "crystal",
  "perl", "raku", "php", "lua", "haskell", "lhaskell", "elm", "purescript", "ocaml", "sml", "coq", "elixir", "erlang",
  "scheme", "racket", "lisp", "hy", "prolog", "sql", "mysql", "plsql", "stata", "sas", "gnuplot", "tex", "plaintex",
  "fortran", "ada", "vhdl", "tcl", "sage", "mma", "maxima", "gap", "forth", "nim", "robot", "apl", "j", "q", "idl",
}

local ROOT_MARKERS = { ".git", "pyproject.toml", "Project.toml", "package.json", ".venv" }

--- The servers in workspaces that a person has allowed to be run, by their paths.
---@type table<string, true>
local allowed = {}

--- The server in the workspace's own environment, which may be anybody's, and where it was looked for.
---@param root string? the workspace's folder
---@return string? path
---@return string[] places
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

--- The server's command line, and where it was looked for. One in the workspace counts once it is allowed.
---@param root string? the workspace's folder
---@return string[]? command nil where there is none
---@return string[] places
function M.find(root)
  local configured = require("kernel_bridge.config").get().command
  if configured then
    return vim.fn.executable(configured[1]) == 1 and configured or nil,
      { "setup's command: " .. configured[1] }
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

--- `find` for a person who has asked for a kernel: Neovim asks them whether it may run what the workspace has.
---@param root string? the workspace's folder
---@return string[]? command
---@return string[] places
function M.find_or_ask(root)
  local command, places = M.find(root)
  local path = not command and not require("kernel_bridge.config").get().command and in_workspace(root)
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

--- Whether another buffer without a name is attached: to a language server the two would be one document.
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

--- No request is made, and no process but the server is started, when a file opens.
---@type vim.lsp.Config
M.config = {
  cmd = function(dispatchers, config)
    local options = config or {}
    local command = M.find(options.root_dir)
    assert(command, "kernel-bridge was not found; :checkhealth kernel_bridge says what to do")
    return vim.lsp.rpc.start(command, dispatchers, { cwd = options.root_dir, env = options.cmd_env })
  end,
  filetypes = FILETYPES,
  root_dir = function(bufnr, on_dir)
    local root = M.root(bufnr)
    if M.find(root) and not M.is_ambiguous(bufnr) then
      on_dir(root)
    end
  end,
  capabilities = {
    -- As pyright and most others have it: Neovim warns when servers of one buffer count differently.
    general = { positionEncodings = { "utf-16" } },
    experimental = { kernelBridge = { version = 1, output = true, stdin = true, blobs = "file" } },
  },
  before_init = function(params)
    params.initializationOptions = require("kernel_bridge.config").get().settings
  end,
  on_init = function(client)
    local options = require("kernel_bridge.config").get()
    if not options.completion then
      client.server_capabilities.completionProvider = nil
      client.server_capabilities.signatureHelpProvider = nil
    end
    if not options.hover then
      client.server_capabilities.hoverProvider = nil
    end
  end,
  on_exit = function(_, _, client_id)
    vim.schedule(function()
      require("kernel_bridge.session").server_ended(client_id)
    end)
  end,
  handlers = {
    ["kernel-bridge/kernel"] = function(_, params, context)
      require("kernel_bridge.session").kernel(params.kernel, context.client_id)
    end,
    ["kernel-bridge/run"] = function(_, params, context)
      require("kernel_bridge.session").run(params.run, context.client_id)
    end,
    ["kernel-bridge/output"] = function(_, params)
      require("kernel_bridge.session").output(params)
    end,
    ["kernel-bridge/stdin"] = function(_, params)
      return require("kernel_bridge.prompt").ask(params)
    end,
    ["$/cancelRequest"] = function()
      require("kernel_bridge.prompt").withdraw()
    end,
  },
}

return M
