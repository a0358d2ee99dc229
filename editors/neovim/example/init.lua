-- A configuration to try the plugin with: `make nvim` starts it. Copy what you like.

local here = vim.fs.dirname(debug.getinfo(1, "S").source:sub(2))
vim.opt.runtimepath:prepend(vim.fs.dirname(here))

vim.o.number = true
vim.o.signcolumn = "yes"
vim.o.termguicolors = true
vim.o.laststatus = 2
vim.o.statusline = " %f %m%=%{v:lua.require'kernel_bridge'.statusline()}  %l:%c "
vim.g.mapleader = " "

vim.lsp.enable("kernel_bridge")

local function map(mode, keys, plug)
  vim.keymap.set(mode, keys, "<Plug>(kernel-bridge-" .. plug .. ")")
end

map({ "n", "x" }, "<Leader>r", "run") -- with a motion: <Leader>rip; or the selection
map("n", "<Leader>rr", "run-line")
map("n", "<Leader>c", "run-cell")
map("n", "<Leader>a", "run-all")
map("n", "<S-CR>", "run-and-advance")
map("n", "<CR>", "run-and-advance")
map("n", "<Leader>o", "output")
map("n", "<Leader>x", "open")
map("n", "<Leader>p", "insert")
map("n", "<Leader>i", "interrupt")
map({ "n", "x", "o" }, "]c", "next-cell")
map({ "n", "x", "o" }, "[c", "prev-cell")
map({ "x", "o" }, "ic", "inner-cell")
map({ "x", "o" }, "ac", "a-cell")
vim.keymap.set("n", "<Leader>k", "<Cmd>KernelBridge select<CR>")

vim.cmd.helptags(vim.fs.joinpath(vim.fs.dirname(here), "doc")) -- a plugin manager does this
vim.api.nvim_create_autocmd("VimEnter", {
  callback = function()
    local hint = { { "<CR> runs the cell and advances", "Title" } }
    local width = #hint[1][1]
    for _, words in ipairs({ "<Space>o output", "<Space>k kernels", ":h kernel-bridge", "<Space>i interrupt" }) do
      width = width + #words + 3
      if width < vim.v.echospace then
        hint[#hint + 1] = { " · " .. words, "Comment" }
      end
    end
    vim.api.nvim_echo(hint, false, {})
  end,
})
