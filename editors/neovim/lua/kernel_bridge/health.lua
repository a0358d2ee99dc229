--- :checkhealth kernel_bridge

local ansi = require("kernel_bridge.ansi")
local images = require("kernel_bridge.images")
local plural = require("kernel_bridge.plural")
local terminal = require("kernel_bridge.images.terminal")
local tty = require("kernel_bridge.images.tty")
local server = require("kernel_bridge.server")

local M = {}

--- vim.health with its texts made legible: they quote kernelspecs and the output of programs.
local health = setmetatable({}, {
  __index = function(_, name)
    return function(message, advice)
      local legible = ansi.legible
      return vim.health[name](legible(message), advice and vim.tbl_map(legible, advice))
    end
  end,
})

local function check_server(bufnr)
  health.start("kernel-bridge: server")
  local command, places = server.find(server.root(bufnr))
  if not command then
    return health.error("the server was not found in " .. table.concat(places, ", "), {
      "install it: python -m pip install jupyter-kernel-bridge",
      'or set its path: require("kernel_bridge").setup({ command = { "/path/to/kernel-bridge", "--stdio" } })',
    })
  end
  local shown = vim.system({ command[1], "--version" }, { timeout = 5000 }):wait()
  if shown.code == 0 then
    health.ok(("%s, %s"):format(vim.trim(shown.stdout), command[1]))
  else
    local failure = ("%s --version failed with exit code %d: %s"):format(
      command[1],
      shown.code,
      vim.trim(shown.stderr or "")
    )
    health.warn(failure, { "reinstall it: python -m pip install --force-reinstall jupyter-kernel-bridge" })
  end
  if vim.lsp.is_enabled("kernel_bridge") then
    health.ok("the server starts when you open a file that a kernel can run")
  else
    health.info(
      "the server starts with the first :KernelBridge command; to start it when you open a file, add "
        .. 'vim.lsp.enable("kernel_bridge") to init.lua'
    )
  end
  return command
end

local function check_kernels(command)
  health.start("kernel-bridge: kernels")
  local listed = vim.system({ command[1], "specs", "--json" }, { timeout = 20000 }):wait()
  local parsed, specs = pcall(vim.json.decode, listed.stdout or "")
  if listed.code ~= 0 or not parsed then
    local failure = vim.trim(listed.stderr or listed.stdout or "")
    return health.warn("cannot list the kernels, `kernel-bridge specs` failed: " .. failure, {
      "run `kernel-bridge doctor` in a terminal",
    })
  end
  specs = specs.specs or specs
  local usable = 0
  for _, spec in ipairs(specs) do
    local where = spec.python or spec.resourceDir or ""
    if spec.usable then
      usable = usable + 1
      health.ok(("%s (%s): %s"):format(spec.displayName, spec.name, where))
    elseif spec.source == "environment" then
      health.info(("%s: %s"):format(spec.displayName, spec.problem))
    else
      health.warn(("%s (%s) cannot start: %s"):format(spec.displayName, spec.name, where), { spec.problem })
    end
  end
  if usable == 0 then
    health.error("no kernel can start", { "install one, for Python: python -m pip install ipykernel" })
  end
  health.info("to start each kernel and diagnose problems, run `kernel-bridge doctor` in a terminal")
end

local function check_recorder(command)
  local listed = vim.system({ command[1], "kernels", "--json" }, { timeout = 20000 }):wait()
  local parsed, running = pcall(vim.json.decode, listed.stdout or "")
  local recorded = vim.tbl_filter(function(kernel)
    return kernel.recorded
  end, parsed and running.kernels or {})
  if #recorded > 0 then
    local kernels = plural(#recorded, "kept kernel")
    health.ok(("a recorder follows %s; to list them, run `kernel-bridge kernels`"):format(kernels))
  end
end

local ANSWER_MS = 3000

local function check_images()
  health.start("kernel-bridge: images")
  local is_answered = not tty.is_attached()
  terminal.ask(function()
    is_answered = true
  end)
  vim.wait(ANSWER_MS, function()
    return is_answered
  end)
  local backend, reason, remedy = images.backend()
  if backend == "none" and remedy then
    health.warn("images are shown as text, because " .. reason, { remedy })
  elseif backend == "none" then
    local elsewhere = "kitty 0.28 and Ghostty can, and image.nvim in other terminals"
    health.info(("images are shown as text, because %s; %s"):format(reason, elsewhere))
  else
    health.ok(("images are displayed with %s (%s)"):format(backend, reason))
  end
  if
    vim.fn.executable("rsvg-convert") == 1
    or vim.fn.executable("magick") == 1
    or vim.fn.executable("convert") == 1
  then
    health.ok("SVG images can be converted to PNG")
  else
    health.info("to display JPEG and SVG images, install ImageMagick; for SVG, rsvg-convert is enough")
  end
end

function M.check()
  local source = vim.fn.bufnr("#") > 0 and vim.fn.bufnr("#") or 0
  health.start("kernel-bridge: Neovim")
  if vim.fn.has("nvim-0.11") == 1 then
    health.ok(("Neovim %s"):format(tostring(vim.version())))
  else
    health.error(("Neovim %s is too old; install 0.11 or newer"):format(tostring(vim.version())))
  end
  if not vim.o.termguicolors then
    health.info("'termguicolors' is off, so output uses 256 colours; for exact colours, set it")
  end
  local command = check_server(source)
  if command then
    check_kernels(command)
    check_recorder(command)
  end
  check_images()
end

return M
