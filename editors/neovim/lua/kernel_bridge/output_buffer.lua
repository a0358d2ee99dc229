--- The buffers that show the whole output of a run. When another run replaces the run, its buffer shows the new one.

local config = require("kernel_bridge.config")
local media = require("kernel_bridge.media")
local output_page = require("kernel_bridge.output_page")
local output_window = require("kernel_bridge.output_window")

local M = {}

local FOLDEXPR = "v:lua.require'kernel_bridge.output_buffer'.fold(v:lnum)"

local pages = {} ---@type table<string, kernel_bridge.Page> by run id

---@param bufnr integer
---@return kernel_bridge.Page?
local function page_in(bufnr)
  for _, page in pairs(pages) do
    if page.bufnr == bufnr then
      return page
    end
  end
end

---@param entry kernel_bridge.RunEntry
---@return kernel_bridge.Page
local function page_of(entry)
  local page = pages[entry.run.id]
  if page and vim.api.nvim_buf_is_valid(page.bufnr) then
    return page
  end
  local bufnr = vim.api.nvim_create_buf(false, true)
  page = output_page.new(bufnr, entry)
  pages[entry.run.id] = page
  vim.api.nvim_buf_set_name(bufnr, "kernel-bridge://output/" .. entry.run.id:sub(1, 8))
  vim.bo[bufnr].undolevels = -1
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].bufhidden = "wipe"
  vim.bo[bufnr].filetype = "kernel_bridge_output"
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = bufnr, nowait = true, desc = "close the window" })
  vim.keymap.set("n", "gx", function()
    local address, output = vim.fn.expand("<cfile>"), output_page.openable_here(page)
    if output and not address:find("^%a+://") then
      return media.open(page.entry, output)
    end
    vim.ui.open(address)
  end, { buffer = bufnr, desc = "open in the system's viewer or browser" })
  vim.keymap.set("n", "<CR>", function()
    output_page.load_here(page)
  end, { buffer = bufnr, desc = "load more of the output" })
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = bufnr,
    once = true,
    callback = function()
      output_page.close(page)
      if pages[page.entry.run.id] == page then
        pages[page.entry.run.id] = nil
      end
    end,
  })
  return page
end

--- The fold level of a line of the current buffer.
---@param line integer 1-based
---@return string
function M.fold(line)
  local page = page_in(vim.api.nvim_get_current_buf())
  return page and output_page.fold(page, line) or "1"
end

--- The run that an output buffer shows.
---@param bufnr integer
---@return kernel_bridge.RunEntry?
function M.entry(bufnr)
  local page = page_in(bufnr)
  return page and page.entry
end

--- Fills a buffer that was reloaded with `:edit` or restored from a session.
---@param bufnr integer
function M.read(bufnr)
  local page = page_in(bufnr)
  if page then
    return output_page.rewrite(page)
  end
  vim.bo[bufnr].buftype, vim.bo[bufnr].bufhidden, vim.bo[bufnr].swapfile = "nofile", "wipe", false
  local words = "This output is from an earlier session. To open it, run :KernelBridge history in its file."
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, { words })
  vim.bo[bufnr].modifiable = false
end

--- Updates the buffer of a run that has changed, if it has one.
---@param entry kernel_bridge.RunEntry
function M.touch(entry)
  local page = pages[entry.run.id]
  if page then
    output_page.later(page, config.get().throttle_ms)
  end
end

--- Draws the buffers with pictures again, because the terminal can draw them now or cannot any more.
function M.redraw()
  for _, page in pairs(pages) do
    if vim.iter(page.entry.outputs):any(media.picture) then
      output_page.rewrite(page)
    end
  end
end

--- Shows the output of `new` in the buffer of `old`, the run that it replaced.
---@param old kernel_bridge.RunEntry
---@param new kernel_bridge.RunEntry
function M.follow(old, new)
  local page = pages[old.run.id]
  if page and not pages[new.run.id] then
    pages[old.run.id], pages[new.run.id] = nil, page
    page.entry = new
    output_page.later(page, 1)
  end
end

--- Opens a run's output, or jumps to its window if it is open.
---@param entry kernel_bridge.RunEntry
function M.open(entry)
  local page = page_of(entry)
  local window = vim.fn.win_findbuf(page.bufnr)[1]
  if window then
    vim.api.nvim_set_current_win(window)
  else
    output_window.open(page.bufnr, FOLDEXPR)
  end
  output_page.sync(page)
end

--- Shows a run's output beside the code, in the window of another output if there is one.
---@param entry kernel_bridge.RunEntry
function M.show(entry)
  local page = page_of(entry)
  if #vim.fn.win_findbuf(page.bufnr) == 0 then
    local windows = vim.tbl_filter(function(window)
      return page_in(vim.api.nvim_win_get_buf(window)) ~= nil
    end, vim.api.nvim_tabpage_list_wins(0))
    output_window.open_beside(page.bufnr, FOLDEXPR, windows[1])
  end
  output_page.sync(page)
end

return M
