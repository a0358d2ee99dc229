--- What stands beside the code, drawn when it changes: virtual lines, the mark at the end of the line, the sign.

local config = require("kernel_bridge.config")
local images = require("kernel_bridge.images")
local sheets = require("kernel_bridge.sheets")
local view = require("kernel_bridge.view")

local M = {}

local namespace = sheets.namespace

--- Columns for text in the narrowest window that shows the buffer.
---@param bufnr integer
---@return integer
function M.width(bufnr)
  local width = math.huge
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    local info = vim.fn.getwininfo(window)[1]
    width = math.min(width, info.width - info.textoff)
  end
  return width < math.huge and width or vim.o.columns
end

---@param entry kernel_bridge.RunEntry
local function erase(entry)
  images.stand(entry.run.id, entry.bufnr, 0, {})
  for _, name in ipairs({ "end_mark", "sign_mark" }) do
    if entry[name] and vim.api.nvim_buf_is_loaded(entry.bufnr) then
      vim.api.nvim_buf_del_extmark(entry.bufnr, namespace, entry[name])
    end
    entry[name] = nil
  end
end

--- Scrolls as far as a result that has grown needs to be seen, while the cursor stands in the code that gives it.
---@param entry kernel_bridge.RunEntry
---@param first integer 0-based
---@param last integer inclusive
---@param rows integer virtual lines
local function reveal(entry, first, last, rows)
  local grown = rows > (entry.revealed or 0)
  entry.revealed = rows
  local window = vim.api.nvim_get_current_win()
  if not grown or vim.api.nvim_win_get_buf(window) ~= entry.bufnr or vim.fn.mode() ~= "n" then
    return
  end
  local cursor = vim.api.nvim_win_get_cursor(window)[1] - 1
  if cursor < first or cursor > last then
    return
  end
  local info = vim.fn.getwininfo(window)[1]
  local room = info.height - info.winbar - rows
  local top = info.topline - 1
  local highest = math.max(top, cursor - vim.wo[window].scrolloff)
  local goal = top
  while
    goal < highest and vim.api.nvim_win_text_height(window, { start_row = goal, end_row = last }).all > room
  do
    goal = goal + 1
  end
  if goal > top then
    vim.fn.winrestview({ topline = goal + 1 })
  end
end

--- Draws a run as it is now.
---@param entry kernel_bridge.RunEntry
function M.draw(entry)
  entry.drawn_at = vim.uv.now()
  local first, last = sheets.place(entry)
  if not first then
    return
  end
  sheets.stand(entry, first, last)
  if entry.removed then
    require("kernel_bridge.problems").clear(entry)
    return erase(entry)
  end
  local bufnr = entry.bufnr
  local icon, group = view.sign(entry)
  if config.get().signs then
    -- A sign of a mark with an end would stand on each of its lines.
    entry.sign_mark = vim.api.nvim_buf_set_extmark(bufnr, namespace, first, 0, {
      id = entry.sign_mark,
      sign_text = icon,
      sign_hl_group = group,
      priority = 30,
    })
  end
  local width = M.width(bufnr)
  local lines, placed
  if #entry.outputs == 0 and entry.before then
    lines, placed = entry.before, {}
  else
    entry.before = nil
    lines, placed = view.lines(entry, width)
  end
  entry.lines = lines
  local mark = view.mark(entry)
  local fits = view.fits(vim.api.nvim_buf_get_lines(bufnr, last, last + 1, false)[1], mark, width)
  if not fits then
    lines = vim.list_extend({ mark }, lines)
    for _, one in ipairs(placed) do
      one.offset = one.offset + 1
    end
  end
  local is_new = entry.end_mark == nil
  entry.end_mark = vim.api.nvim_buf_set_extmark(bufnr, namespace, last, 0, {
    id = entry.end_mark,
    virt_text = fits and mark or nil,
    virt_text_pos = "eol",
    hl_mode = "combine",
    virt_lines = #lines > 0 and lines or nil,
    priority = 30,
  })
  images.stand(entry.run.id, bufnr, last, placed)
  reveal(entry, first, last, #lines)
  if is_new then
    require("kernel_bridge.problems").diagnose(entry)
  end
end

local waiting = {} ---@type table<kernel_bridge.RunEntry, true>
local timer ---@type uv.uv_timer_t?

local function draw_waiting()
  local entries = waiting
  waiting = {}
  for entry in pairs(entries) do
    M.draw(entry)
  end
end

--- Draws a run at once when it was not drawn just now, else a little later. No timer runs when nothing waits.
---@param entry kernel_bridge.RunEntry
function M.touch(entry)
  local throttle = config.get().throttle_ms
  if next(waiting) == nil and vim.uv.now() - (entry.drawn_at or 0) >= throttle then
    return M.draw(entry)
  end
  if next(waiting) == nil then
    timer = timer or assert(vim.uv.new_timer())
    timer:start(throttle, 0, vim.schedule_wrap(draw_waiting))
  end
  waiting[entry] = true
end

--- Whether something has changed that is not drawn yet.
---@return boolean
function M.waits()
  return next(waiting) ~= nil
end

local clock ---@type uv.uv_timer_t?

--- Shows how long runs have been running, while there are any.
---@param running fun(): kernel_bridge.RunEntry[]
function M.tick(running)
  clock = clock or assert(vim.uv.new_timer())
  if clock:is_active() then
    return
  end
  clock:start(
    1000,
    1000,
    vim.schedule_wrap(function()
      local entries = running()
      if #entries == 0 then
        return clock:stop()
      end
      for _, entry in ipairs(entries) do
        M.touch(entry)
      end
    end)
  )
end

--- Puts a run under the lines that it came from, in place of the results that stood there.
---@param entry kernel_bridge.RunEntry
---@return kernel_bridge.RunEntry[] replaced
function M.add(entry)
  local replaced = sheets.add(entry)
  for _, other in ipairs(replaced) do
    if other.last == entry.last and other.lines and #other.lines > 0 then
      entry.before = view.dimmed(other.lines)
      entry.revealed = #other.lines
    end
    M.remove(other)
  end
  M.draw(entry)
  return replaced
end

--- Takes a run away from its buffer.
---@param entry kernel_bridge.RunEntry
function M.remove(entry)
  waiting[entry] = nil
  erase(entry)
  sheets.remove(entry)
end

vim.api.nvim_create_autocmd({ "WinResized", "VimResized", "BufWinEnter" }, {
  group = vim.api.nvim_create_augroup("kernel_bridge_displays", { clear = true }),
  callback = vim.schedule_wrap(function()
    for bufnr, sheet in pairs(sheets.all()) do
      local width = next(sheet.entries) and vim.api.nvim_buf_is_loaded(bufnr) and M.width(bufnr)
      if width and width ~= sheet.width then
        sheet.width = width
        for _, entry in pairs(sheet.entries) do
          M.draw(entry)
        end
      end
    end
  end),
})

return M
