--- tmux between Neovim and its terminals: whether it passes images on, and which terminals are attached.

local M = {}

local WATCH_MS = 1000
local NAMING_MS, NAMINGS = 200, 5 -- tmux asks a terminal for its name once it is attached

---@class kernel_bridge.Tmux
---@field passes boolean whether control sequences reach the terminal ('allow-passthrough')
---@field clients table<integer, string> what the attached terminals answer to XTVERSION, by process ID of the client
---@field problem? string why tmux could not be asked

---@param shown string
---@return kernel_bridge.Tmux
local function parse(shown)
  local passing = shown:match("^[^\n]*")
  local clients = {}
  for pid, name in shown:gmatch("\n(%d+) ([^\n]*)") do
    clients[tonumber(pid)] = name
  end
  -- 1, on or all; tmux before 3.3 has no such option and passes everything
  return { passes = passing ~= "0" and passing ~= "off", clients = clients }
end

--- Asks tmux, without blocking.
---@param callback fun(state: kernel_bridge.Tmux)
---@param asked? integer how often it has been asked for the names
function M.ask(callback, asked)
  asked = (asked or 0) + 1
  local pane = vim.env.TMUX_PANE or ""
  local command = { "tmux", "display-message", "-p", "-t", pane, "#{allow-passthrough}", ";" }
  vim.list_extend(command, { "list-clients", "-t", pane, "-F", "#{client_pid} #{client_termtype}" })
  local function failed(problem)
    callback({ passes = false, clients = {}, problem = vim.trim(problem) })
  end
  if (vim.env.TMUX or "") == "" then
    return failed("it runs on another machine ($TMUX is not set)")
  end
  local started, problem = pcall(
    vim.system,
    command,
    { text = true, timeout = 5000 },
    vim.schedule_wrap(function(done)
      if done.code ~= 0 then
        return failed(done.stderr)
      end
      local state = parse(done.stdout)
      if vim.list_contains(vim.tbl_values(state.clients), "") and asked < NAMINGS then
        return vim.defer_fn(function()
          M.ask(callback, asked)
        end, NAMING_MS)
      end
      callback(state)
    end)
  )
  if not started then
    failed(tostring(problem))
  end
end

--- Whether a client has detached. Processes of other users cannot be signalled, but exist.
---@param clients table<integer, string>
---@return boolean
local function detached(clients)
  for pid in pairs(clients) do
    local _, _, failure = vim.uv.kill(pid, 0)
    if failure == "ESRCH" then
      return true
    end
  end
  return next(clients) == nil
end

--- Whether any client is attached to the server. tmux makes its socket executable while one is.
---@return boolean
local function is_attached()
  local socket = vim.env.TMUX:match("^[^,]*")
  local stat = vim.uv.fs_stat(socket)
  return stat ~= nil and bit.band(stat.mode, 73) ~= 0 -- 0111
end

local timer ---@type uv.uv_timer_t?

--- Calls back when terminals have been attached after others detached, of which tmux does not notify Neovim. Looks
--- every second whether the clients still exist, and starts a process only if one does not.
---@param clients table<integer, string>
---@param callback fun(state: kernel_bridge.Tmux)
function M.watch(clients, callback)
  timer = timer or assert(vim.uv.new_timer())
  timer:start(
    WATCH_MS,
    WATCH_MS,
    vim.schedule_wrap(function()
      if timer:is_active() and detached(clients) and is_attached() then
        timer:stop()
        M.ask(function(state)
          if not next(state.clients) then
            return M.watch(clients, callback) -- those attached show other sessions
          end
          callback(state)
        end)
      end
    end)
  )
end

return M
