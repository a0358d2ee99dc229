--- :checkhealth kernel_bridge

local ansi = require("kernel_bridge.ansi")
local images = require("kernel_bridge.images")
local terminal = require("kernel_bridge.images.terminal")
local server = require("kernel_bridge.server")

local M = {}

--- vim.health, whose texts hold what kernelspecs and programs say.
local health = setmetatable({}, {
  __index = function(_, name)
    return function(message, advice)
      local legible = ansi.legible
      return vim.health[name](legible(message), advice and vim.tbl_map(legible, advice))
    end
  end,
})

local function check_server(bufnr)
  health.start("kernel-bridge: the server")
  local command, places = server.find(server.root(bufnr))
  if not command then
    return health.error("the server was not found in " .. table.concat(places, ", "), {
      "python -m pip install jupyter-kernel-bridge",
      'or name it: require("kernel_bridge").setup({ command = { "/path/to/kernel-bridge", "--stdio" } })',
    })
  end
  local shown = vim.system({ command[1], "--version" }, { timeout = 5000 }):wait()
  if shown.code == 0 then
    health.ok(("%s, %s"):format(vim.trim(shown.stdout), command[1]))
  else
    health.warn(("%s --version says: %s"):format(command[1], vim.trim(shown.stderr or "")))
  end
  if vim.lsp.is_enabled("kernel_bridge") then
    health.ok('starts with files that a kernel can run: vim.lsp.enable("kernel_bridge")')
  else
    health.info('starts with the first :KernelBridge command; with the file: vim.lsp.enable("kernel_bridge")')
  end
  return command
end

local function check_kernels(command)
  health.start("kernel-bridge: kernels")
  local listed = vim.system({ command[1], "specs", "--json" }, { timeout = 20000 }):wait()
  local parsed, specs = pcall(vim.json.decode, listed.stdout or "")
  if listed.code ~= 0 or not parsed then
    return health.warn("kernel-bridge specs says: " .. vim.trim(listed.stderr or listed.stdout or ""))
  end
  specs = specs.specs or specs
  local usable = 0
  for _, spec in ipairs(specs) do
    local where = spec.python or spec.resourceDir or ""
    if spec.usable then
      usable = usable + 1
      health.ok(("%s (%s) %s"):format(spec.displayName, spec.name, where))
    elseif spec.source == "environment" then
      health.info(("%s: %s"):format(spec.displayName, spec.problem))
    else
      health.warn(("%s (%s) %s"):format(spec.displayName, spec.name, where), { spec.problem })
    end
  end
  if usable == 0 then
    health.error("no kernel can be started", { "for Python: python -m pip install ipykernel" })
  end
  health.info("`kernel-bridge doctor` starts each of them and says what is wrong")
end

local function check_pictures()
  health.start("kernel-bridge: pictures")
  local backend, reason = images.backend()
  if backend == "none" then
    health.info("pictures are told of in a line, and :KernelBridge open shows them: " .. reason, {
      "kitty and Ghostty draw them; elsewhere install snacks.nvim or image.nvim",
    })
  else
    health.ok(("pictures are drawn by %s (%s)"):format(backend, reason))
  end
  if terminal.in_tmux() then
    local shown = vim.system({ "tmux", "show", "-Apv", "allow-passthrough" }, { timeout = 2000 }):wait()
    if vim.trim(shown.stdout or ""):find("^o[nf]") and not vim.trim(shown.stdout):find("^off") then
      health.ok("tmux lets pictures through")
    else
      health.warn("tmux lets no pictures through", { "tmux set -g allow-passthrough on" })
    end
  end
  if
    vim.fn.executable("rsvg-convert") == 1
    or vim.fn.executable("magick") == 1
    or vim.fn.executable("convert") == 1
  then
    health.ok("SVG can be converted")
  else
    health.info("for SVG and JPEG in the terminal, install rsvg-convert or ImageMagick")
  end
end

function M.check()
  local source = vim.fn.bufnr("#") > 0 and vim.fn.bufnr("#") or 0
  health.start("kernel-bridge: Neovim")
  if vim.fn.has("nvim-0.11") == 1 then
    health.ok(("Neovim %s"):format(tostring(vim.version())))
  else
    health.error("Neovim 0.11 or newer is needed")
  end
  if not vim.o.termguicolors then
    health.info("'termguicolors' is off: colours of outputs are those of the terminal's 256")
  end
  local command = check_server(source)
  if command then
    check_kernels(command)
  end
  check_pictures()
end

return M
