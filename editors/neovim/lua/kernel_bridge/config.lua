--- The options: their defaults, and validation of the values passed to setup().

local M = {}

---@class kernel_bridge.Options
---@field command? string[] command line of the server; default: `kernel-bridge` on PATH or in a trusted .venv or venv
---@field settings? kernel_bridge.Settings settings of the server
---@field completion boolean offer completion and signature help from the kernel
---@field code_actions boolean offer the commands as code actions too
---@field symbols boolean offer cells as document symbols
---@field hover boolean|"auto" offer hover information from the kernel; "auto": unless another server of the buffer does
---@field virtual_lines kernel_bridge.VirtualLines output under the code
---@field restore boolean show the last results of a file that is opened or gets a kernel; take back its kept kernel
---@field signs boolean place a sign on the first line of each run
---@field icons table<string, string> for queued, running, ok, error, interrupted, aborted, cancelled, lost, detached
---@field output kernel_bridge.OutputWindow the output buffer
---@field images kernel_bridge.Images images among the lines of a buffer
---@field auto_open kernel_bridge.AutoOpen what opens without a command
---@field diagnostics boolean show errors as diagnostics
---@field quickfix boolean put tracebacks in the quickfix list
---@field throttle_ms integer minimum time between redraws of a run, in milliseconds

---@field notebook kernel_bridge.NotebookOptions .ipynb files

---@class kernel_bridge.NotebookOptions
---@field open "ask"|"py"|"md"|false show cells instead of JSON: on demand, as a script, as Markdown, or never
---@field outputs boolean if another plugin shows the cells: also show the file's outputs, and write them with :w

---@class kernel_bridge.VirtualLines
---@field enabled boolean show output under the code
---@field max_lines integer maximum number of text lines to show for a run
---@field keep "both"|"head"|"tail" which end of a longer output to show
---@field wrap "text"|"all"|"none" which lines to wrap; "text": all but tables
---@field border string text in front of each line of output
---@field below_fence boolean show the result of a fence's last line below the closing fence

---@class kernel_bridge.OutputWindow
---@field open "split"|"vsplit"|"float"|"tab" where to open the output buffer
---@field size number height or width of the split: lines or columns, or if below 1 a fraction of the screen
---@field load_bytes integer maximum bytes of omitted output to load automatically

---@class kernel_bridge.Images
---@field backend "auto"|"kitty"|"snacks"|"image.nvim"|"none" how to display images
---@field max_width integer maximum width of an image, in columns
---@field max_height integer maximum height of an image, in lines
---@field max_count integer maximum number of images to show for a run

---@class kernel_bridge.AutoOpen
---@field output boolean the output buffer, beside the code
---@field images boolean images, in the system's viewer
---@field pages boolean what only a browser can show, such as Plotly figures

--- A default, the check of a given value (a type or a function), and what it expects, for messages; or a group.
---@class kernel_bridge.Option
---@field [1] any
---@field [2]? string|fun(value: any): boolean
---@field [3]? string
---@field group? table<string, kernel_bridge.Option>

local ON = { true, "boolean" }
local OFF = { false, "boolean" }

---@param default number
local function above_zero(default)
  return {
    default,
    function(value)
      return type(value) == "number" and value > 0
    end,
    "a number above 0",
  }
end

---@param allowed any[] the first is the default
local function one_of(allowed)
  return {
    allowed[1],
    function(value)
      return vim.list_contains(allowed, value)
    end,
    "one of " .. table.concat(vim.tbl_map(tostring, allowed), ", "),
  }
end

---@param default string
local function icon(default)
  return { default, "string" }
end

---@type table<string, kernel_bridge.Option>
local OPTIONS = {
  command = { nil, vim.islist, "a list of strings" },
  settings = { nil, "table" },
  completion = OFF,
  code_actions = OFF,
  symbols = OFF,
  hover = one_of({ "auto", true, false }),
  virtual_lines = {
    group = {
      enabled = ON,
      max_lines = above_zero(16),
      keep = one_of({ "both", "head", "tail" }),
      wrap = one_of({ "text", "all", "none" }),
      border = { "│ ", "string" },
      below_fence = OFF,
    },
  },
  restore = ON,
  signs = ON,
  icons = {
    group = {
      queued = icon("◌"),
      running = icon("●"),
      ok = icon("✓"),
      error = icon("✗"),
      interrupted = icon("⊘"),
      aborted = icon("⊘"),
      cancelled = icon("⊘"),
      lost = icon("⚠"),
      detached = icon("○"),
    },
  },
  output = {
    group = {
      open = one_of({ "split", "vsplit", "float", "tab" }),
      size = above_zero(0.35),
      load_bytes = { 8388608, "number" },
    },
  },
  images = {
    group = {
      backend = one_of({ "auto", "kitty", "snacks", "image.nvim", "none" }),
      max_width = above_zero(80),
      max_height = above_zero(20),
      max_count = above_zero(8),
    },
  },
  auto_open = { group = { output = OFF, images = OFF, pages = OFF } },
  diagnostics = ON,
  quickfix = ON,
  throttle_ms = above_zero(50),
  notebook = { group = { open = one_of({ "ask", "py", "md", false }), outputs = ON } },
}

---@param options table<string, kernel_bridge.Option>
local function defaults_of(options)
  return vim.tbl_map(function(option)
    return option.group and defaults_of(option.group) or option[1]
  end, options)
end

local defaults = defaults_of(OPTIONS) --[[@as kernel_bridge.Options]]
local current = defaults

---@return kernel_bridge.Options
function M.get()
  return current
end

--- Raises an error that names the first unknown or invalid option.
---@param given table
---@param options table<string, kernel_bridge.Option>
---@param prefix string
local function check(given, options, prefix)
  for name, value in pairs(given) do
    local option = options[name]
    if not option then
      error(("kernel_bridge.setup: unknown option %s%s"):format(prefix, name), 0)
    elseif option.group then
      vim.validate(prefix .. name, value, "table")
      check(value, option.group, prefix .. name .. ".")
    else
      vim.validate(prefix .. name, value, option[2], option[3])
    end
  end
end

---@param given? table a part of kernel_bridge.Options; other options keep their defaults
function M.set(given)
  vim.validate("options", given, "table", true)
  check(given or {}, OPTIONS, "")
  current = vim.tbl_deep_extend("force", defaults, given or {})
end

return M
