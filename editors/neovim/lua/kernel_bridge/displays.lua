--- Draws results when they change: virtual lines, the status mark at the end of the line, and the sign.

local cells = require("kernel_bridge.cells")
local collapsed = require("kernel_bridge.collapsed")
local config = require("kernel_bridge.config")
local images = require("kernel_bridge.images")
local marks = require("kernel_bridge.marks")
local media = require("kernel_bridge.media")
local sheets = require("kernel_bridge.sheets")
local view = require("kernel_bridge.view")
local vocabulary = require("kernel_bridge.vocabulary")

local M = {}

local namespace = vim.api.nvim_create_namespace("kernel_bridge")
M.namespace = namespace

--- The result of a run as it is on the screen.
---@class kernel_bridge.Drawing
---@field place kernel_bridge.Place
---@field end_mark? integer extmark with the result
---@field sign_mark? integer
---@field lines? [string, any][][] as last drawn
---@field before? [string, any][][] the previous result, shown until the run has output
---@field drawn_at integer uv.now()
---@field width? integer of the window, as last drawn
---@field revealed integer virtual lines that the window has been scrolled to show
---@field due? true it has changed, far from what a window shows

local drawings = {} ---@type table<string, kernel_bridge.Drawing> by run id
local waiting = {} ---@type table<kernel_bridge.Drawing, true>

---@param place kernel_bridge.Place
---@return kernel_bridge.Drawing
local function drawing_of(place)
  local id = place.entry.run.id
  drawings[id] = drawings[id] or { place = place, drawn_at = 0, revealed = 0 }
  return drawings[id]
end

---@param drawing kernel_bridge.Drawing
local function erase(drawing)
  local place = drawing.place
  images.place(place.entry.run.id, place.bufnr, 0, {})
  for _, name in ipairs({ "end_mark", "sign_mark" }) do
    if drawing[name] and vim.api.nvim_buf_is_loaded(place.bufnr) then
      vim.api.nvim_buf_del_extmark(place.bufnr, namespace, drawing[name])
    end
    drawing[name] = nil
  end
end

--- Scrolls to show a result that has grown, if the cursor is in its code.
---@param drawing kernel_bridge.Drawing
---@param first integer 0-based
---@param last integer inclusive
---@param rows integer virtual lines
local function reveal(drawing, first, last, rows)
  local grown = rows > drawing.revealed
  drawing.revealed = rows
  local window = vim.api.nvim_get_current_win()
  if not grown or vim.api.nvim_win_get_buf(window) ~= drawing.place.bufnr or vim.fn.mode() ~= "n" then
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

--- The lines of a buffer that windows show, or will when they are scrolled by less than their height.
---@param bufnr integer
---@return [integer, integer][] first and last, 0-based
local function near(bufnr)
  return vim.tbl_map(function(window)
    local info = vim.fn.getwininfo(window)[1]
    return { info.topline - 1 - info.height, info.botline - 1 + info.height }
  end, vim.fn.win_findbuf(bufnr))
end

---@param place kernel_bridge.Place
---@param ranges [integer, integer][]
---@return boolean
local function is_within(place, ranges)
  return vim.iter(ranges):any(function(range)
    return place.first <= range[2] and place.last >= range[1]
  end)
end

---@param drawing kernel_bridge.Drawing
local function draw(drawing)
  drawing.drawn_at = vim.uv.now()
  local place = drawing.place
  local first, last = sheets.lines(place)
  if not first then
    return erase(drawing)
  end
  drawing.due = not is_within(place, near(place.bufnr)) or nil
  if drawing.due then
    return
  end
  local bufnr, entry = place.bufnr, place.entry
  local icon, group = marks.sign(entry, place.stale)
  if config.get().signs then
    -- A mark with an end would repeat its sign on each of its lines.
    drawing.sign_mark = vim.api.nvim_buf_set_extmark(bufnr, namespace, first, 0, {
      id = drawing.sign_mark,
      sign_text = icon,
      sign_hl_group = group,
      priority = 30,
    })
  end
  local width = view.width(bufnr)
  local lines, placed, overflow
  if drawing.before and #entry.outputs == 0 and not entry.asks and not vocabulary.ends[entry.run.state] then
    lines, placed = drawing.before, {}
  elseif place.collapsed and #entry.outputs > 0 then
    lines, placed = collapsed.lines(entry), {}
  else
    drawing.before = nil
    lines, placed, overflow = view.lines(entry, place.stale, bufnr, width, function()
      M.touch(place)
    end)
  end
  drawing.lines, drawing.width = lines, width
  if config.get().virtual_lines.below_fence then
    last = cells.below(bufnr, last)
  end
  local mark = marks.chunks(entry, place.stale)
  local fits = marks.fits(vim.api.nvim_buf_get_lines(bufnr, last, last + 1, false)[1], mark, width)
  if not fits then
    lines = vim.list_extend({ mark }, lines)
    for _, one in ipairs(placed) do
      one.offset = one.offset + 1
    end
  end
  drawing.end_mark = vim.api.nvim_buf_set_extmark(bufnr, namespace, last, 0, {
    id = drawing.end_mark,
    virt_text = fits and mark or nil,
    virt_text_pos = "eol",
    hl_mode = "combine",
    virt_lines = #lines > 0 and lines or nil,
    virt_lines_overflow = overflow,
    priority = 30,
  })
  images.place(entry.run.id, bufnr, last, placed)
  reveal(drawing, first, last, #lines)
end

--- Draws the current state of a run.
---@param place kernel_bridge.Place
function M.draw(place)
  draw(drawing_of(place))
end

--- Scrolls to show the whole result of a run, if the cursor is in its code.
---@param place kernel_bridge.Place
function M.reveal(place)
  local drawing = drawing_of(place)
  drawing.revealed = 0
  draw(drawing)
end

local timer ---@type uv.uv_timer_t?

local function draw_waiting()
  local due = waiting
  waiting = {}
  for drawing in pairs(due) do
    draw(drawing)
  end
end

--- Draws a run, at most once per `throttle_ms`. No timer runs while nothing waits to be drawn.
---@param place kernel_bridge.Place
function M.touch(place)
  local drawing = drawing_of(place)
  local throttle = config.get().throttle_ms
  if next(waiting) == nil and vim.uv.now() - drawing.drawn_at >= throttle then
    return draw(drawing)
  end
  if next(waiting) == nil then
    timer = timer or assert(vim.uv.new_timer())
    timer:start(throttle, 0, vim.schedule_wrap(draw_waiting))
  end
  waiting[drawing] = true
end

--- Draws the results with pictures again, because the terminal can draw them now or cannot any more.
function M.redraw()
  for _, drawing in pairs(drawings) do
    if vim.iter(drawing.place.entry.outputs):any(media.picture) then
      M.touch(drawing.place)
    end
  end
end

--- Whether a change has not been drawn yet.
---@return boolean
function M.waits()
  return next(waiting) ~= nil
end

--- The drawing of a run, if it has a place in a buffer.
---@param run_id string
---@return kernel_bridge.Drawing?
function M.drawing(run_id)
  return drawings[run_id]
end

local clock ---@type uv.uv_timer_t?

--- Updates the elapsed time of running runs every second.
function M.tick()
  clock = clock or assert(vim.uv.new_timer())
  if clock:is_active() then
    return
  end
  clock:start(
    1000,
    1000,
    vim.schedule_wrap(function()
      local is_running = false
      for _, drawing in pairs(drawings) do
        if drawing.place.entry.run.state == "running" then
          is_running = true
          M.touch(drawing.place)
        end
      end
      if not is_running then
        clock:stop()
      end
    end)
  )
end

--- Erases a run that was removed from its buffer. If another run replaces it, its result stays, dimmed, until that run
--- has output.
---@param place kernel_bridge.Place
---@param successor? kernel_bridge.Place
function M.remove(place, successor)
  local drawing = drawings[place.entry.run.id]
  if not drawing then
    return
  end
  if successor and successor.last == place.last and drawing.lines and #drawing.lines > 0 then
    local heir = drawing_of(successor)
    heir.before = view.dimmed(drawing.lines)
    heir.revealed = #drawing.lines
  end
  waiting[drawing] = nil
  drawings[place.entry.run.id] = nil
  erase(drawing)
end

local group = vim.api.nvim_create_augroup("kernel_bridge_displays", { clear = true })

vim.api.nvim_create_autocmd({ "WinResized", "VimResized", "BufWinEnter", "TabEnter" }, {
  group = group,
  callback = vim.schedule_wrap(function()
    local widths = vim.defaulttable(view.width)
    for _, drawing in pairs(drawings) do
      local bufnr = drawing.place.bufnr
      if vim.api.nvim_buf_is_loaded(bufnr) and (drawing.due or widths[bufnr] ~= drawing.width) then
        draw(drawing)
      end
    end
  end),
})

-- Where 'wrap' is off, tables scroll with the code instead of being cut.
vim.api.nvim_create_autocmd("OptionSet", {
  group = group,
  pattern = "wrap",
  callback = vim.schedule_wrap(function()
    vim.iter(vim.tbl_values(drawings)):each(draw)
  end),
})

vim.api.nvim_create_autocmd("WinScrolled", {
  group = group,
  callback = function()
    local ranges = vim.defaulttable(near)
    local due = vim.tbl_filter(function(drawing)
      return drawing.due and is_within(drawing.place, ranges[drawing.place.bufnr])
    end, vim.tbl_values(drawings))
    vim.iter(due):each(draw)
    local cursor = vim.api.nvim_win_get_cursor(0)[1] - 1
    local here = #due > 0 and sheets.at(vim.api.nvim_get_current_buf(), cursor)
    if here then
      M.reveal(here) -- results that were drawn above it have moved it
    end
  end,
})

return M
