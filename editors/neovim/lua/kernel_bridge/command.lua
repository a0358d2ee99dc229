--- The :KernelBridge command: its subcommands and their completion.

local bridge = require("kernel_bridge")
local catalog = require("kernel_bridge.catalog")
local client = require("kernel_bridge.client")

local M = {}

---@class kernel_bridge.Subcommand
---@field call fun(argument: string?, command: vim.api.keyset.create_user_command.command_args)
---@field complete? fun(lead: string): string[]

---@return kernel_bridge.Subcommand
local function plain(name)
  return {
    call = function()
      bridge[name]()
    end,
  }
end

local KERNEL = "kernel="

--- Completes the argument kernel=NAME.
---@param names fun(bufnr: integer): string[]
---@return fun(lead: string): string[]
local function completes_kernel(names)
  return function(lead)
    if not vim.startswith(lead, KERNEL) then
      return { KERNEL }
    end
    return vim.tbl_map(function(name)
      return KERNEL .. name
    end, names(vim.api.nvim_get_current_buf()))
  end
end

--- A subcommand that takes the argument kernel=NAME.
---@param call fun(opts: { kernel?: string }, command: vim.api.keyset.create_user_command.command_args)
---@param names fun(bufnr: integer): string[] for completion
---@return kernel_bridge.Subcommand
local function on_kernel(call, names)
  return {
    call = function(argument, command)
      local is_named = argument and vim.startswith(argument, KERNEL) and #argument > #KERNEL
      if argument and not is_named then
        local message = ("unknown argument %s; expected kernel=NAME"):format(argument)
        return client.notify(message, vim.log.levels.ERROR)
      end
      call({ kernel = argument and argument:sub(#KERNEL + 1) }, command)
    end,
    complete = completes_kernel(names),
  }
end

---@param bufnr integer
---@return string[]
local function all_names(bufnr)
  return vim.list_extend(catalog.kernel_names(bufnr), catalog.spec_names(bufnr))
end

--- A subcommand that runs a unit, or the lines of a range.
---@return kernel_bridge.Subcommand
local function runs(name)
  return on_kernel(function(opts, command)
    if command.range > 0 then
      opts.lines = { command.line1, command.line2 }
      return bridge.run(opts)
    end
    bridge[name](opts)
  end, all_names)
end

--- A subcommand that takes kernel=NAME and no range.
---@param names fun(bufnr: integer): string[] for completion
---@return kernel_bridge.Subcommand
local function plain_on_kernel(name, names)
  return on_kernel(function(opts)
    bridge[name](opts)
  end, names)
end

--- A subcommand for the lines of a range, or the current line.
---@return kernel_bridge.Subcommand
local function of_lines(name)
  return {
    call = function(_, command)
      bridge[name]({ lines = { command.line1, command.line2 } })
    end,
  }
end

--- A subcommand that moves the cursor [count] times.
---@return kernel_bridge.Subcommand
local function moves(name)
  return {
    call = function(argument)
      bridge[name]({ count = tonumber(argument) })
    end,
  }
end

---@param lead string
---@return string[]
local function files(lead)
  return vim.fn.getcompletion(lead, "file")
end

local NOTEBOOK_FORMATS = { "py", "md", "json" }

---@type table<string, kernel_bridge.Subcommand>
M.subcommands = {
  run = runs("run"),
  run_line = runs("run_line"),
  run_cell = runs("run_cell"),
  run_above = plain_on_kernel("run_above", all_names),
  run_below = plain_on_kernel("run_below", all_names),
  run_all = plain_on_kernel("run_all", all_names),
  eval = {
    call = function(argument)
      local kernel, code = (argument or ""):match("^kernel=(%S+)%s*(.*)$")
      code = kernel and code or argument
      bridge.eval({ kernel = kernel, code = code ~= "" and code or nil })
    end,
    complete = completes_kernel(all_names),
  },
  define = of_lines("define"),
  undefine = of_lines("undefine"),
  cell = {
    call = function(argument)
      bridge.cell({ number = tonumber(argument) })
    end,
  },
  start = {
    call = function(argument)
      bridge.start({ spec = argument })
    end,
    complete = function()
      return catalog.spec_names(vim.api.nvim_get_current_buf())
    end,
  },
  attach = {
    call = function(argument)
      bridge.attach({ connection = argument })
    end,
    complete = function(lead)
      local names = catalog.kernel_names(vim.api.nvim_get_current_buf())
      return lead == "" and names or vim.list_extend(names, files(lead))
    end,
  },
  select = plain("select"),
  interrupt = plain_on_kernel("interrupt", catalog.kernel_names),
  restart = plain_on_kernel("restart", catalog.kernel_names),
  restart_and_run = plain("restart_and_run"),
  shutdown = plain_on_kernel("shutdown", catalog.kernel_names),
  detach = plain_on_kernel("detach", catalog.kernel_names),
  cancel = plain("cancel"),
  answer = {
    call = function(argument)
      bridge.answer({ text = argument })
    end,
  },
  output = plain("output"),
  open = plain("open"),
  insert = plain("insert"),
  copy = {
    call = function(argument)
      bridge.copy({ register = argument })
    end,
  },
  toggle = plain("toggle"),
  delete = plain("delete"),
  clear = plain("clear"),
  redraw = plain("redraw"),
  restore = plain("restore"),
  rerun = plain("rerun"),
  rerun_all = plain("rerun_all"),
  next_result = moves("next_result"),
  prev_result = moves("prev_result"),
  export = {
    call = function(argument, command)
      local after_runs = ((argument or "") .. " "):match("^runs%s+(.-)%s*$")
      local path = after_runs or argument
      bridge.export({
        path = path ~= "" and path or nil,
        mode = after_runs and "runs" or nil,
        overwrite = command.bang,
      })
    end,
    complete = function(lead)
      return vim.list_extend({ "runs" }, files(lead))
    end,
  },
  import = {
    call = function(argument)
      if not argument then
        return client.notify("name a notebook file: :KernelBridge import PATH", vim.log.levels.ERROR)
      end
      bridge.import({ path = argument })
    end,
    complete = files,
  },
  notebook = {
    call = function(argument, command)
      if argument and not vim.list_contains(NOTEBOOK_FORMATS, argument) then
        local message = "unknown format %s; use one of " .. table.concat(NOTEBOOK_FORMATS, ", ")
        return client.notify(message:format(argument), vim.log.levels.ERROR)
      end
      bridge.notebook({ format = argument, force = command.bang })
    end,
    complete = function()
      return NOTEBOOK_FORMATS
    end,
  },
  history = {
    call = function(argument)
      bridge.history({ text = argument })
    end,
  },
  info = plain("info"),
  log = plain("log"),
}

---@param command vim.api.keyset.create_user_command.command_args
function M.execute(command)
  local name, argument = command.args:match("^(%S*)%s*(.-)%s*$")
  if name == "" then
    name = "run"
  end
  local subcommand = M.subcommands[name]
  if not subcommand then
    local names = vim.tbl_keys(M.subcommands)
    table.sort(names)
    local message = ("unknown subcommand %s; use one of %s"):format(name, table.concat(names, ", "))
    return client.notify(message, vim.log.levels.ERROR)
  end
  subcommand.call(argument ~= "" and argument or nil, command)
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local name, rest = line:match("KernelBridge!?%s+(%S+)(%s.*)$")
  local words
  if rest then
    local complete = (M.subcommands[name] or {}).complete
    words = complete and complete(lead) or {}
  else
    words = vim.tbl_keys(M.subcommands)
    table.sort(words)
  end
  local seen = {}
  return vim.tbl_filter(function(word)
    local is_new = not seen[word]
    seen[word] = true
    return is_new and vim.startswith(word, lead)
  end, words)
end

return M
