--- The terminal that Neovim runs in: whether it draws images, which it is asked, and how to write to it through tmux.

local events = require("kernel_bridge.events")
local tmux = require("kernel_bridge.images.tmux")
local tty = require("kernel_bridge.images.tty")

local M = {}

--- "change": another backend may be needed. "attach": the terminal may be another one, which has no images yet.
local on, fire = events.new()
M.on = on

--- The first versions with Unicode placeholders. A graphics query (a=q) does not tell: kitty 0.26, Konsole, WezTerm and
--- iTerm2 answer OK, but show placeholders as boxes. And Neovim 0.11 takes the answer for keys.
local PLACEHOLDERS = { kitty = { 0, 28 }, ghostty = { 1, 0 } }

local UNREAD_BYTES = 8192 -- a pty of Linux holds about 12 kB
local PAUSE_MS = 20 -- if the terminal does not answer

local answer ---@type string? to XTVERSION, such as "kitty(0.41.1)"; empty if there was none in time
local multiplexer ---@type kernel_bridge.Tmux?

---@return boolean
local function in_tmux()
  if answer and answer ~= "" then
    return vim.startswith(answer, "tmux ") -- $TMUX is also set in a terminal that was started inside tmux
  end
  return (vim.env.TMUX or "") ~= ""
end

--- Judges a terminal by its answer to XTVERSION.
---@param name string
---@return boolean draws
---@return string reason
---@return string? remedy
local function judge(name)
  local program, major, minor = name:match("^(%a+)[ (](%d+)%.(%d+)")
  local first = PLACEHOLDERS[program]
  if not first then
    return false, (name ~= "" and name or "this terminal") .. " cannot draw pictures among text"
  elseif vim.version.lt({ tonumber(major), tonumber(minor), 0 }, { first[1], first[2], 0 }) then
    return false, name .. " cannot draw pictures among text", ("%s %d.%d can"):format(program, unpack(first))
  end
  return true, name
end

--- Whether the terminal draws images at placeholders; nil while it has not answered.
---@return boolean? draws
---@return string reason
---@return string? remedy
function M.draws()
  if not tty.is_attached() then
    return false, "Neovim has no terminal"
  elseif not answer then
    return nil, "the terminal has not answered yet"
  elseif not in_tmux() then
    return judge(answer)
  elseif not multiplexer then
    return nil, "tmux has not answered yet"
  elseif multiplexer.problem then
    return false, "tmux cannot be asked for its terminal: " .. multiplexer.problem
  elseif not multiplexer.passes then
    return false, "tmux blocks pictures", "tmux set -g allow-passthrough on"
  end
  local names = {}
  for _, name in pairs(multiplexer.clients) do
    local draws, reason, remedy = judge(name)
    if not draws then
      return false, reason, remedy
    end
    names[#names + 1] = reason
  end
  return #names > 0, #names > 0 and table.concat(names, ", ") .. " in tmux" or "tmux has no terminal"
end

local asking = {} ---@type (fun())[]

---@param new string
---@param state? kernel_bridge.Tmux
local function settle(new, state)
  local drew, because = M.draws()
  answer, multiplexer = new, state
  local draws, reason = M.draws()
  if draws ~= drew or reason ~= because then
    fire("change")
  end
  fire("attach")
  local done = asking
  asking = {}
  for _, callback in ipairs(done) do
    callback()
  end
  if state and state.passes then
    tmux.watch(state.clients, function(later)
      settle(new, later)
    end)
  end
end

---@param new string
local function answered(new)
  if vim.startswith(new, "tmux ") then
    return tmux.ask(function(state)
      settle(new, state)
    end)
  end
  settle(new)
end

local is_asked = false

--- Asks the terminal for its name and version, without blocking.
---@param done? fun() called when it has answered
function M.ask(done)
  if tty.is_attached() then
    is_asked = true
    asking[#asking + 1] = done
    tty.ask(function(name)
      if not name and not answer then
        settle("") -- a late answer still counts
      end
    end)
  end
end

tty.on("name", function(name)
  if is_asked or name ~= answer then
    is_asked = false
    answered(name)
  end
end)

local group = vim.api.nvim_create_augroup("kernel_bridge_terminal", { clear = true })

vim.api.nvim_create_autocmd("UIEnter", {
  group = group,
  callback = function()
    answer, multiplexer = nil, nil -- it may be another terminal
    M.ask()
  end,
})

vim.api.nvim_create_autocmd("VimResume", {
  group = group,
  callback = function()
    M.ask()
  end,
})

-- With its option focus-events, tmux notifies Neovim of a terminal that is attached.
vim.api.nvim_create_autocmd("FocusGained", {
  group = group,
  callback = function()
    if multiplexer then
      local before = multiplexer
      tmux.ask(function(state)
        if not vim.deep_equal(state, before) then
          settle(answer, state)
        end
      end)
    end
  end,
})

--- tmux passes on what it is given in this form.
---@param sequence string
---@return string
local function wrapped(sequence)
  return in_tmux() and "\27Ptmux;" .. sequence:gsub("\27", "\27\27") .. "\27\\" or sequence
end

local unread = 0 -- bytes written since the terminal's last answer

--- Writes control sequences to the terminal, through tmux, when there is room. Calls back for the next ones, and before
--- they would fill the line, waits until the terminal has read these.
---@param sequence string
---@param next_one fun()
function M.write(sequence, next_one)
  tty.when_free(function()
    local whole = wrapped(sequence)
    unread = unread + #whole
    if unread < UNREAD_BYTES then
      tty.write(whole)
      return vim.schedule(next_one)
    end
    unread = 0
    if answer == "" then
      tty.write(whole)
      return vim.defer_fn(next_one, PAUSE_MS)
    end
    tty.ask(next_one, whole)
  end)
end

--- Writes control sequences to the terminal, through tmux, at once.
---@param sequence string
function M.write_now(sequence)
  tty.write(wrapped(sequence))
end

M.ask()

return M
