--- Puts the results of a document under its code: those of earlier sessions when it is opened or gets a kernel, and
--- those of runs whose lines only the server knows.

local buffers = require("kernel_bridge.notebook.buffers")
local client = require("kernel_bridge.client")
local config = require("kernel_bridge.config")
local session = require("kernel_bridge.session")
local sheets = require("kernel_bridge.sheets")
local times = require("kernel_bridge.times")

local M = {}

local deleted = {} ---@type table<string, true> IDs of the runs whose results the user has deleted

--- Requests the results of a buffer and places those that are wanted, at the lines that they have by then.
---@param bufnr integer
---@param argument {path?: string} of kernel-bridge.results
---@param is_wanted fun(run: kernel_bridge.Run, place: kernel_bridge.Place?, stale: boolean): boolean
---@param answered fun(failed: lsp.ResponseError?, count: integer): boolean? count of results placed; true: no message
local function request(bufnr, argument, is_wanted, answered)
  client.with(bufnr, function(server)
    local answered_edits = sheets.asking(bufnr)
    local version = vim.api.nvim_buf_get_changedtick(bufnr)
    argument = vim.tbl_extend("error", { textDocument = client.document(bufnr) }, argument)
    client.command(bufnr, "results", argument, function(failed, response)
      local wanted = vim.tbl_filter(function(result)
        return is_wanted(result.run, sheets.place(result.run.id), result.stale)
      end, response and vim.api.nvim_buf_is_loaded(bufnr) and response.results or {})
      table.sort(wanted, function(a, b)
        return a.run.queuedAt < b.run.queuedAt
      end)
      local count = 0
      for _, result in ipairs(wanted) do
        local entry = session.recall(result, server.id, bufnr)
        sheets.add(entry, { range = result.range, version = version, stale = result.stale })
        if sheets.place(entry.run.id) then
          count = count + 1
        else
          session.retire(entry.run.id)
        end
      end
      answered_edits()
      return answered(failed, count)
    end)
  end, function()
    answered({ code = 0, message = "no server" }, 0)
  end)
end

local function silent()
  return true
end

--- A test for runs whose outputs are not in the notebook file that a buffer shows, because they are newer.
---@param bufnr integer
---@return fun(run: kernel_bridge.Run): boolean
local function newer_than_file(bufnr)
  local path = buffers.path(bufnr)
  local stat = path and vim.uv.fs_stat(path)
  local written = stat and stat.mtime.sec + stat.mtime.nsec / 1e9
  return function(run)
    return not written or not run.startedAt or times.epoch(run.startedAt) > written
  end
end

--- Whether the server knows more about a run: where its lines are after a reload, or how it has continued.
---@param place kernel_bridge.Place
---@return boolean
local function is_outdated(place)
  return place.lost or session.is_outdated(place.entry)
end

--- Places the results that a reload of the buffer has lost, and those of earlier sessions if the user wants them.
--- Updates those that may have continued elsewhere. To be called when the buffer has a server, gets a kernel, or was
--- reloaded.
---@param bufnr integer
function M.opened(bufnr)
  local is_on = config.get().restore
  local is_needed = is_on or vim.iter(sheets.of(bufnr)):any(is_outdated)
  if is_needed and vim.api.nvim_buf_is_loaded(bufnr) and client.get(bufnr) then
    local is_newer = newer_than_file(bufnr)
    request(bufnr, {}, function(run, place)
      if place then
        return is_outdated(place)
      end
      return is_on and not deleted[run.id] and is_newer(run)
    end, silent)
  end
end

local sought = {} ---@type table<integer, table<string, true>> run IDs by buffer

--- Places a run that another plugin or client asked for: only the server knows where its code is now. Runs reported
--- together share a request.
---@param entry kernel_bridge.RunEntry
function M.locate(entry)
  local bufnr = entry.bufnr --[[@as integer]]
  if not sought[bufnr] then
    sought[bufnr] = {}
    vim.schedule(function()
      local ids = sought[bufnr]
      sought[bufnr] = nil
      if vim.api.nvim_buf_is_loaded(bufnr) then
        request(bufnr, {}, function(run, place)
          return place == nil and ids[run.id]
        end, silent)
      end
    end)
  end
  sought[bufnr][entry.run.id] = true
end

--- Places the last results of a buffer, also those that the user has deleted; or the outputs in a
--- notebook file of cells with the same code.
---@param bufnr integer
---@param path? string of the notebook
---@param answered fun(failed: lsp.ResponseError?, count: integer): boolean?
function M.restore(bufnr, path, answered)
  request(bufnr, { path = path }, function(run, place, stale)
    deleted[run.id] = nil
    return (place == nil or place.lost == true) and not (path and stale)
  end, answered)
end

--- Removes a result from its buffer. It stays in the history, and away until the user restores it.
---@param place kernel_bridge.Place
function M.delete(place)
  deleted[place.entry.run.id] = true
  sheets.remove(place)
end

return M
