--- The options, their defaults and their validation. They are there without setup().

local M = {}

---@class kernel_bridge.Options
---@field command? string[] the server's command line; by default `kernel-bridge` on PATH, then a trusted .venv
---@field settings? kernel_bridge.Settings server settings
---@field completion boolean completion by the kernel
---@field hover boolean outputs and the kernel's documentation on hover
---@field virtual_lines kernel_bridge.VirtualLines results beside the code
---@field signs boolean a sign at the first line of each run
---@field icons table<"queued"|"running"|"ok"|"error"|"aborted"|"cancelled"|"lost", string> the sign of each run state
---@field output kernel_bridge.OutputWindow
---@field images kernel_bridge.Images
---@field diagnostics boolean errors as diagnostics
---@field quickfix boolean tracebacks in the quickfix list
---@field throttle_ms integer shortest time between two redraws of a run, in milliseconds

---@class kernel_bridge.VirtualLines
---@field enabled boolean show results below the code
---@field max_lines integer how many lines of a run's text to show
---@field border string the text before each line

---@class kernel_bridge.OutputWindow
---@field open "split"|"vsplit"|"float"|"tab" how :KernelBridge output opens
---@field size number size in lines or columns; below 1, a fraction of the editor
---@field load_bytes integer how many bytes of elided output to load without asking

---@class kernel_bridge.Images
---@field backend "auto"|"kitty"|"snacks"|"image.nvim"|"none" what draws pictures
---@field max_width integer largest width in columns
---@field max_height integer largest height in lines

---@type kernel_bridge.Options
local defaults = {
  completion = true,
  hover = true,
  virtual_lines = { enabled = true, max_lines = 16, border = "│ " },
  signs = true,
  icons = {
    queued = "◌",
    running = "●",
    ok = "✓",
    error = "✗",
    aborted = "⊘",
    cancelled = "⊘",
    lost = "⚠",
  },
  output = { open = "split", size = 0.35, load_bytes = 8388608 },
  images = { backend = "auto", max_width = 80, max_height = 20 },
  diagnostics = true,
  quickfix = true,
  throttle_ms = 50,
}

local options = defaults

---@return kernel_bridge.Options
function M.get()
  return options
end

local function one_of(...)
  local allowed = { ... }
  return function(value)
    return vim.list_contains(allowed, value)
  end,
    "one of " .. table.concat(allowed, ", ")
end

local function positive(value)
  return type(value) == "number" and value > 0
end

--- Raises an error that names the option.
---@param given table
local function check(given)
  local function unknown(part, known, prefix)
    for name in pairs(part) do
      if known[name] == nil then
        error(("kernel_bridge.setup: there is no option %s%s"):format(prefix, name), 0)
      end
    end
  end
  local known = vim.tbl_extend("force", { command = {}, settings = {} }, defaults)
  unknown(given, known, "")
  for _, name in ipairs({ "virtual_lines", "output", "images", "icons" }) do
    vim.validate(name, given[name], "table", true)
    unknown(given[name] or {}, defaults[name], name .. ".")
  end
  vim.validate("command", given.command, vim.islist, true, "a list of strings")
  vim.validate("settings", given.settings, "table", true)
  for _, name in ipairs({ "completion", "hover", "signs", "diagnostics", "quickfix" }) do
    vim.validate(name, given[name], "boolean", true)
  end
  vim.validate("throttle_ms", given.throttle_ms, positive, true, "a number above 0")
  local lines = given.virtual_lines or {}
  vim.validate("virtual_lines.enabled", lines.enabled, "boolean", true)
  vim.validate("virtual_lines.max_lines", lines.max_lines, positive, true, "a number above 0")
  vim.validate("virtual_lines.border", lines.border, "string", true)
  for name, icon in pairs(given.icons or {}) do
    vim.validate("icons." .. name, icon, "string")
  end
  local output = given.output or {}
  local opens, opens_said = one_of("split", "vsplit", "float", "tab")
  vim.validate("output.open", output.open, opens, true, opens_said)
  vim.validate("output.size", output.size, positive, true, "a number above 0")
  vim.validate("output.load_bytes", output.load_bytes, "number", true)
  local images = given.images or {}
  local backends, backends_said = one_of("auto", "kitty", "snacks", "image.nvim", "none")
  vim.validate("images.backend", images.backend, backends, true, backends_said)
  vim.validate("images.max_width", images.max_width, positive, true, "a number above 0")
  vim.validate("images.max_height", images.max_height, positive, true, "a number above 0")
end

---@param given? table some of kernel_bridge.Options; what is not given is as by default
function M.set(given)
  vim.validate("options", given, "table", true)
  check(given or {})
  options = vim.tbl_deep_extend("force", defaults, given or {})
end

return M
