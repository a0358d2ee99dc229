--- The configuration of the language server for vim.lsp: file types, capabilities, and handlers for its messages.

local config = require("kernel_bridge.config")
local hover = require("kernel_bridge.hover")
local notices = require("kernel_bridge.notices")
local server = require("kernel_bridge.server")
local vocabulary = require("kernel_bridge.vocabulary")

--- The server's settings. Other servers serve the same buffers, and the plugin has commands and shows results itself:
--- code lenses and inlay hints are off, and the options decide about the rest.
---@return kernel_bridge.Settings
local function settings()
  local options = config.get()
  local features = {
    codeActions = options.code_actions,
    codeLenses = false,
    completion = options.completion,
    hover = options.hover ~= false,
    inlayHints = false,
    signatureHelp = options.completion,
    symbols = options.symbols,
  }
  return vim.tbl_deep_extend("force", { features = features }, options.settings or {})
end

local LEVELS = { vim.log.levels.ERROR, vim.log.levels.WARN } -- by LSP's MessageType

--- Calls a function of |kernel_bridge.handlers|. The first message loads that module, because a file may be open
--- long before code runs.
---@param name string
local function handle(name, ...)
  return require("kernel_bridge.handlers")[name](...)
end

--- Opening a file starts no process except the server, and requests only its last results (option `restore`).
---@type vim.lsp.Config
return {
  cmd = function(dispatchers, options)
    options = options or {}
    local command = server.find(options.root_dir)
    assert(command, "kernel-bridge was not found; run :checkhealth kernel_bridge")
    return vim.lsp.rpc.start(command, dispatchers, { cwd = options.root_dir, env = options.cmd_env })
  end,
  -- Most Markdown is never run: there the first run starts the server.
  filetypes = vim.list_extend(vim.tbl_keys(vocabulary.comments), { "quarto", "rmd" }),
  root_dir = function(bufnr, on_dir)
    local root = server.root(bufnr)
    if server.find(root) and not server.is_ambiguous(bufnr) and not server.is_copy(bufnr) then
      on_dir(root)
    end
  end,
  capabilities = {
    -- Same as pyright and most others: Neovim warns if servers of one buffer use different encodings.
    general = { positionEncodings = { "utf-16" } },
    experimental = {
      kernelBridge = { version = 1, output = true, stdin = true, install = true, blobs = "file" },
    },
  },
  before_init = function(params)
    params.initializationOptions = settings()
  end,
  on_init = function(client)
    require("kernel_bridge.client") -- notifies the server when a buffer is renamed
    if config.get().hover == "auto" then
      hover.yield(client)
    end
  end,
  on_exit = function(_, _, client_id)
    vim.schedule(function()
      handle("exit", client_id)
    end)
  end,
  handlers = {
    ["kernel-bridge/kernel"] = function(_, params, context)
      handle("kernel", params, context.client_id)
    end,
    ["kernel-bridge/run"] = function(_, params, context)
      handle("run", params, context.client_id)
    end,
    ["kernel-bridge/output"] = function(_, params)
      handle("output", params)
    end,
    ["kernel-bridge/stdin"] = function(_, params)
      return handle("stdin", params)
    end,
    ["window/showMessage"] = function(_, params)
      notices.show(params.message, LEVELS[params.type])
    end,
    ["$/cancelRequest"] = function()
      handle("cancel")
    end,
  },
}
