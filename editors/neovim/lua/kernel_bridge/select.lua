--- Lists for the user to choose from: kernels to start or attach to, and past runs.

local ansi = require("kernel_bridge.ansi")
local client = require("kernel_bridge.client")
local here = require("kernel_bridge.here")
local kernels = require("kernel_bridge.kernels")
local output_buffer = require("kernel_bridge.output_buffer")
local session = require("kernel_bridge.session")
local times = require("kernel_bridge.times")

local M = {}

local specs = {} ---@type kernel_bridge.KernelSpec[] the last list, for completion

---@return string[] names of kernelspecs, best match first
function M.spec_names()
  return vim.tbl_map(function(spec)
    return spec.name
  end, specs)
end

--- Requests the kernelspecs, so that the next completion can offer them.
---@param bufnr integer
function M.refresh(bufnr)
  if client.get(bufnr) then
    client.command(bufnr, "listKernelSpecs", here.code(bufnr), function(_, result)
      specs = result and result.specs or specs
      return true
    end)
  end
end

---@param path string?
local function short(path)
  return path and vim.fn.fnamemodify(path, ":~:.") or ""
end

--- Shortens a text to a number of columns.
---@param words string
---@param columns integer
---@return string
local function fitting(words, columns)
  if vim.api.nvim_strwidth(words) <= columns then
    return words
  end
  local count = columns - 1
  while vim.api.nvim_strwidth(vim.fn.strcharpart(words, 0, count)) > columns - 1 do
    count = count - 1
  end
  return vim.fn.strcharpart(words, 0, count) .. "…"
end

---@class kernel_bridge.Choice
---@field columns string[] name, state, location
---@field take fun()

--- Lets the user choose from a list with aligned columns.
---@param prompt string
---@param choices kernel_bridge.Choice[]
local function choose(prompt, choices)
  local widths = {}
  for _, choice in ipairs(choices) do
    choice.columns = vim.tbl_map(ansi.legible, choice.columns)
    for index, column in ipairs(choice.columns) do
      widths[index] = math.max(widths[index] or 0, vim.api.nvim_strwidth(column))
    end
  end
  vim.ui.select(choices, {
    prompt = ansi.legible(prompt),
    kind = "kernel_bridge",
    format_item = function(choice)
      local parts = {}
      for index, column in ipairs(choice.columns) do
        parts[index] = column .. (" "):rep(widths[index] - vim.api.nvim_strwidth(column))
      end
      return fitting(vim.trim(table.concat(parts, "  ")), vim.o.columns - 6) -- room for the number of the choice
    end,
  }, function(choice)
    if choice then
      choice.take()
    end
  end)
end

---@param bufnr integer
---@param spec kernel_bridge.KernelSpec
---@param after? fun()
---@return kernel_bridge.Choice
local function to_start(bufnr, spec, after)
  local where = spec.python or vim.startswith(spec.argv[1], "/") and spec.argv[1] or spec.resourceDir
  local name = spec.displayName:gsub(vim.pesc(vim.fs.normalize("~")) .. "/", "~/")
  if spec.python and name:find(short(vim.fs.dirname(vim.fs.dirname(spec.python))), 1, true) then
    where = nil -- the name contains it
  end
  local problem = (spec.problem or "cannot start"):match("^[^;\n]*")
  return {
    columns = { name, spec.usable and "start" or "✗ " .. problem, short(where) },
    take = function()
      if not spec.usable then
        return client.notify(spec.problem or spec.displayName .. " cannot start", vim.log.levels.WARN)
      end
      local python = spec.source == "environment" and spec.python or nil
      local which = python and { python = python } or { spec = spec.name }
      kernels.start(bufnr, which, function(failed)
        if not failed and after then
          after()
        end
      end)
    end,
  }
end

---@param bufnr integer
---@param kernel kernel_bridge.Kernel
---@return kernel_bridge.Choice
local function to_join(bufnr, kernel)
  local bound = session.kernel_of(bufnr)
  local state = (bound and bound.id == kernel.id and "this buffer's, " or "") .. kernel.state
  return {
    columns = { kernel.displayName, state, short(kernel.cwd or kernel.connectionFile or kernel.server) },
    take = function()
      kernels.join(bufnr, kernel)
    end,
  }
end

--- Offers kernels to start.
---@param bufnr integer
---@param offered kernel_bridge.KernelSpec[]
---@param after? fun() called when the kernel has started
function M.offer(bufnr, offered, after)
  choose(
    "Start a kernel:",
    vim.tbl_map(function(spec)
      return to_start(bufnr, spec, after)
    end, offered)
  )
end

--- Asks the user whether to restart the buffer's dead kernel.
---@param bufnr integer
---@param after fun() called when the kernel has restarted
function M.revive(bufnr, after)
  local dead = session.kernel_of(bufnr)
  local name = dead and dead.displayName or "the kernel"
  local reason = dead and dead.reason and " (" .. dead.reason:match("[^\n]*") .. ")" or ""
  local again = "Restart and run"
  vim.ui.select(
    { again, "Cancel" },
    { prompt = ansi.legible(("%s is dead%s:"):format(name, reason)) },
    function(choice)
      if choice == again then
        kernels.restart(bufnr, function(failed)
          if not failed then
            after()
          end
        end)
      end
    end
  )
end

---@param listed kernel_bridge.Kernel[]
---@return kernel_bridge.Kernel[] kernels that a buffer can attach to
local function alive(listed)
  return vim.tbl_filter(function(kernel)
    return kernel.state ~= "dead" and kernel.state ~= "unreachable"
  end, listed)
end

--- Lets the user choose a kernel to start or attach to.
---@param bufnr integer
function M.choose(bufnr)
  client.command(bufnr, "listKernelSpecs", here.code(bufnr), function(failed, listed)
    if failed then
      return
    end
    specs = listed.specs
    client.command(bufnr, "listKernels", nil, function(unlisted, found)
      local choices, not_usable = {}, {}
      for _, spec in ipairs(specs) do
        table.insert(spec.usable and choices or not_usable, to_start(bufnr, spec))
      end
      for _, kernel in ipairs(unlisted and {} or alive(found.kernels)) do
        choices[#choices + 1] = to_join(bufnr, kernel)
      end
      vim.list_extend(choices, not_usable)
      choose("Kernel for " .. vim.fn.fnamemodify(vim.api.nvim_buf_get_name(bufnr), ":t") .. ":", choices)
    end)
  end)
end

--- Lets the user choose a running kernel to attach to.
---@param bufnr integer
function M.attach(bufnr)
  client.command(bufnr, "listKernels", nil, function(failed, found)
    local running = failed and {} or alive(found.kernels)
    if #running == 0 and not failed then
      return client.notify("no kernel to attach to; start one with :KernelBridge start", vim.log.levels.WARN)
    end
    choose(
      "Attach to a kernel:",
      vim.tbl_map(function(kernel)
        return to_join(bufnr, kernel)
      end, running)
    )
  end)
end

--- Lets the user choose a past run of the file and opens its output.
---@param bufnr integer
---@param opts kernel_bridge.History
function M.history(bufnr, opts)
  local argument = { textDocument = client.document(bufnr), text = opts.text, limit = opts.limit }
  client.command(bufnr, "history", argument, function(failed, result)
    if failed then
      return
    end
    if #result.runs == 0 then
      local matching = opts.text and (" with code that contains %q"):format(opts.text) or ""
      return client.notify("this file has no past runs" .. matching, vim.log.levels.WARN)
    end
    choose(
      "Past runs:",
      vim.tbl_map(function(run)
        local first, more = vim.trim(run.source):match("([^\n]*)(\n?)")
        local count = run.executionCount and ("[%d]"):format(run.executionCount) or ""
        return {
          columns = {
            os.date("%Y-%m-%d %H:%M", times.epoch(run.queuedAt)),
            run.summary and run.summary.state or run.state,
            count,
            first .. (more ~= "" and " …" or ""),
          },
          take = function()
            client.command(bufnr, "getRun", { runId = run.id }, function(_, got)
              local server = client.get(bufnr)
              if got and server then
                local entry = session.recall(got, server.id)
                output_buffer.open(entry)
              end
            end)
          end,
        }
      end, result.runs)
    )
  end)
end

return M
