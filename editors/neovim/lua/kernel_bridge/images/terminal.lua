--- The terminal that Neovim runs in: whether it draws images, the size of its cells, and how to write to it.

local M = {}

--- Whether snacks.image has found that the terminal does not support placeholders.
M.snacks_unsupported = false

--- Terminals that support Unicode placeholders of the kitty graphics protocol, by their environment variables.
local KNOWN = {
  { name = "kitty", variables = { "KITTY_WINDOW_ID", "KITTY_PID" }, term = "kitty" },
  { name = "Ghostty", variables = { "GHOSTTY_RESOURCES_DIR", "GHOSTTY_BIN_DIR" }, term = "ghostty" },
}

---@return boolean
function M.in_tmux()
  return (vim.env.TMUX or "") ~= ""
end

---@return string? name a terminal with Unicode placeholders
function M.known()
  local term = (vim.env.TERM or "") .. " " .. (vim.env.TERM_PROGRAM or "")
  for _, terminal in ipairs(KNOWN) do
    if term:lower():find(terminal.term, 1, true) then
      return terminal.name
    end
    for _, variable in ipairs(terminal.variables) do
      if (vim.env[variable] or "") ~= "" then
        return terminal.name
      end
    end
  end
end

local function has(module)
  return package.loaded[module] ~= nil
end

---@return "kitty"|"snacks"|"image.nvim"|"none" backend
---@return string reason
function M.backend()
  if #vim.api.nvim_list_uis() == 0 then
    return "none", "Neovim has no terminal"
  end
  if has("snacks") and (Snacks.config.image or {}).enabled and not M.snacks_unsupported then
    return "snacks", "snacks.image is enabled"
  end
  local name = M.known()
  if name then
    return "kitty", name .. (M.in_tmux() and " under tmux" or "")
  end
  local image = package.loaded["image"]
  if image and type(image.is_enabled) == "function" and image.is_enabled() then
    return "image.nvim", "image.nvim is set up"
  end
  return "none", "this terminal is not known to support the kitty graphics protocol with Unicode placeholders"
end

local cell ---@type {width: number, height: number}?

vim.api.nvim_create_autocmd({ "VimResized", "UIEnter" }, {
  group = vim.api.nvim_create_augroup("kernel_bridge_terminal", { clear = true }),
  callback = function()
    cell = nil
  end,
})

local declared = false

--- The size of a cell in pixels; 8x16 if the terminal does not report it.
---@return {width: number, height: number}
function M.cell()
  if cell then
    return cell
  end
  cell = { width = 8, height = 16 }
  local found, ffi = pcall(require, "ffi")
  if found and vim.fn.has("win32") == 0 then
    if not declared then
      declared = true
      ffi.cdef("int ioctl(int, unsigned long, ...);")
    end
    local size = ffi.new("unsigned short[4]") -- rows, columns, width, height (termios.h, struct winsize)
    local request = vim.fn.has("linux") == 1 and 0x5413 or 0x40087468
    if ffi.C.ioctl(2, request, size) == 0 and size[2] > 0 and size[3] > 0 then
      cell = { width = size[2] / size[1], height = size[3] / size[0] }
    end
  end
  return cell
end

--- Writes control sequences to the terminal, around Neovim's own drawing and through tmux.
---@param sequence string
function M.write(sequence)
  if M.in_tmux() then
    sequence = "\27Ptmux;" .. sequence:gsub("\27", "\27\27") .. "\27\\"
  end
  if vim.api.nvim_ui_send then
    vim.api.nvim_ui_send(sequence)
  else
    vim.api.nvim_chan_send(2, sequence) -- stderr, which is the terminal
  end
end

return M
