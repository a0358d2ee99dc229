--- The options: their defaults, and validation of the values passed to setup().

local M = {}

---@class kernel_bridge.Options
---@field command? string[] command line of the server; default: `kernel-bridge` on PATH or in a trusted .venv or venv
---@field settings? kernel_bridge.Settings settings of the server
---@field completion boolean offer completion and signature help from the kernel
---@field hover boolean offer hover information from the kernel
---@field virtual_lines kernel_bridge.VirtualLines output under the code
---@field signs boolean place a sign on the first line of each run
---@field icons table<"queued"|"running"|"ok"|"error"|"aborted"|"cancelled"|"lost", string> icon of each state of a run
---@field output kernel_bridge.OutputWindow the output buffer
---@field images kernel_bridge.Images images among the lines of a buffer
---@field diagnostics boolean show errors as diagnostics
---@field quickfix boolean put tracebacks in the quickfix list
---@field throttle_ms integer minimum time between redraws of a run, in milliseconds

---@class kernel_bridge.VirtualLines
---@field enabled boolean show output under the code
---@field max_lines integer maximum number of text lines to show for a run
---@field border string text in front of each line of output

---@class kernel_bridge.OutputWindow
---@field open "split"|"vsplit"|"float"|"tab" where to open the output buffer
---@field size number height or width of the split: lines or columns, or if below 1 a fraction of the screen
---@field load_bytes integer maximum bytes of omitted output to load automatically

---@class kernel_bridge.Images
---@field backend "auto"|"kitty"|"snacks"|"image.nvim"|"none" how to display images
---@field max_width integer maximum width of an image, in columns
---@field max_height integer maximum height of an image, in lines

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

--- Raises an error that names the first unknown or invalid option.
---@param given table
local function check(given)
  local function unknown(part, known, prefix)
    for name in pairs(part) do
      if known[name] == nil then
        error(("kernel_bridge.setup: unknown option %s%s"):format(prefix, name), 0)
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
  local opens, open_values = one_of("split", "vsplit", "float", "tab")
  vim.validate("output.open", output.open, opens, true, open_values)
  vim.validate("output.size", output.size, positive, true, "a number above 0")
  vim.validate("output.load_bytes", output.load_bytes, "number", true)
  local images = given.images or {}
  local backends, backend_values = one_of("auto", "kitty", "snacks", "image.nvim", "none")
  vim.validate("images.backend", images.backend, backends, true, backend_values)
  vim.validate("images.max_width", images.max_width, positive, true, "a number above 0")
  vim.validate("images.max_height", images.max_height, positive, true, "a number above 0")
end

---@param given? table a part of kernel_bridge.Options; other options keep their defaults
function M.set(given)
  vim.validate("options", given, "table", true)
  check(given or {})
  options = vim.tbl_deep_extend("force", defaults, given or {})
end

return M
