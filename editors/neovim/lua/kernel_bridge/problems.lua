--- Shows the error of a run as a diagnostic, and its traceback as a quickfix list.

local ansi = require("kernel_bridge.ansi")
local config = require("kernel_bridge.config")
local marks = require("kernel_bridge.marks")
local sheets = require("kernel_bridge.sheets")

local M = {}

local namespace = vim.api.nvim_create_namespace("kernel_bridge_problems")
M.namespace = namespace

---@class kernel_bridge.Problem: vim.Diagnostic
---@field run_id string

--- Maps a line of the document at the time of the run to its current line in the buffer.
---@param entry kernel_bridge.RunEntry
---@param line integer 0-based
---@return integer
local function line_now(entry, line)
  local place = sheets.place(entry.run.id)
  local first, last
  if place then
    first, last = sheets.lines(place)
  end
  if not first then
    return line
  end
  return math.max(first, math.min(last, first + line - entry.run.range.start.line))
end

--- The current position of a run's error.
---@param entry kernel_bridge.RunEntry
---@return {lnum: integer, col: integer, end_lnum: integer, end_col: integer}
local function where(entry)
  local line = line_now(entry, entry.run.error.line or entry.run.range["end"].line)
  local text = vim.api.nvim_buf_get_lines(entry.bufnr, line, line + 1, false)[1] or ""
  return { lnum = line, col = #text:match("^%s*"), end_lnum = line, end_col = #text }
end

---@param entry kernel_bridge.RunEntry
---@param keep fun(problem: table): boolean
---@param added? vim.Diagnostic
local function set(entry, keep, added)
  if not entry.bufnr or not vim.api.nvim_buf_is_valid(entry.bufnr) then
    return
  end
  local found = vim.diagnostic.get(entry.bufnr, { namespace = namespace })
  local list = vim.tbl_filter(keep, found)
  if #list == #found and not added then
    return
  end
  for _, problem in ipairs(list) do -- Neovim moves shown diagnostics with edits, but not those that are set again
    local place = sheets.place(problem.user_data.run_id)
    for name, value in pairs(place and where(place.entry) or {}) do
      problem[name] = value
    end
  end
  list[#list + 1] = added
  vim.diagnostic.set(namespace, entry.bufnr, list)
end

---@param entry kernel_bridge.RunEntry
function M.clear(entry)
  set(entry, function(problem)
    return problem.user_data.run_id ~= entry.run.id
  end)
end

--- Finds the current buffer and line of a source line, by the execution count of its run on the same kernel.
---@param entry kernel_bridge.RunEntry
---@param count integer
---@param line integer 1-based, in the source
---@return integer? bufnr
---@return integer? line 1-based
local function place_of(entry, count, line)
  for _, place in pairs(sheets.places()) do
    local run = place.entry.run
    if
      run.executionCount == count
      and run.kernelId == entry.run.kernelId
      and run.epoch == entry.run.epoch
    then
      return place.bufnr, line_now(place.entry, run.range.start.line + line - 1) + 1
    end
  end
end

--- The places in a traceback, outermost first.
---@param entry kernel_bridge.RunEntry
---@return vim.quickfix.entry[]
local function frames(entry)
  local items = {}
  for _, part in ipairs(entry.run.error.traceback) do
    for coloured in part:gmatch("[^\n]+") do
      local line = ansi.plain(coloured)
      local count, within, called = line:match("^%s*Cell In%[(%d+)%], line (%d+)(.*)")
      if count then
        local bufnr, lnum = place_of(entry, tonumber(count), tonumber(within))
        if bufnr then
          local text = vim.trim((called:gsub("^,%s*", "")))
          items[#items + 1] =
            { bufnr = bufnr, lnum = lnum, col = 1, text = text ~= "" and text or "in this cell" }
        end
      end
      local path, number, rest = line:match('^%s*File "?(.-)"?:(%d+)(.*)')
      if not path then
        path, number, rest = line:match('^%s*File "(.-)", line (%d+)(.*)')
      end
      path = path and vim.fs.normalize(path)
      if path and vim.uv.fs_stat(path) then
        items[#items + 1] =
          { filename = path, lnum = tonumber(number), col = 1, text = vim.trim((rest:gsub("^,%s*", ""))) }
      end
    end
  end
  return items
end

--- The quickfix list that this plugin filled last. It is updated only while it is the current one.
local list_id = nil ---@type integer?

---@param items vim.quickfix.entry[]
---@param title string
local function quickfix(items, title)
  local current = vim.fn.getqflist({ id = 0 }).id
  local action = current == list_id and "r" or " "
  vim.fn.setqflist({}, action, { title = title, items = items })
  list_id = vim.fn.getqflist({ id = 0 }).id
end

--- Sets the diagnostic for the error of a run. One that an interrupt raised has none: the user asked for it.
---@param entry kernel_bridge.RunEntry
---@return string? summary
---@return integer? line 0-based
function M.diagnose(entry)
  local problem = entry.run.error
  if not problem or marks.state(entry.run) ~= "error" or not entry.run.range then
    return
  end
  local place = where(entry)
  local summary = table.concat({ problem.ename, problem.evalue }, ": "):gsub("^: ", ""):gsub(": $", "")
  summary = ansi.plain((summary:gsub("\n", " ")))
  if config.get().diagnostics then
    set(
      entry,
      function(other)
        return other.user_data.run_id ~= entry.run.id
      end,
      vim.tbl_extend("error", place, {
        severity = vim.diagnostic.severity.ERROR,
        source = "kernel-bridge",
        message = problem.hint and summary .. "\n" .. problem.hint or summary,
        user_data = { run_id = entry.run.id },
      })
    )
  end
  return summary, place.lnum
end

--- Shows the error of a run.
---@param entry kernel_bridge.RunEntry
function M.show(entry)
  local summary, line = M.diagnose(entry)
  if summary and config.get().quickfix then
    local items = { { bufnr = entry.bufnr, lnum = line + 1, col = 1, text = summary, type = "E" } }
    vim.list_extend(items, frames(entry))
    quickfix(items, "kernel-bridge: " .. (entry.run.summary or { text = summary }).text)
  end
end

return M
