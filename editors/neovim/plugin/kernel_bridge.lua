-- Defines the command and the <Plug> mappings. Everything else is loaded on first use.

if vim.g.loaded_kernel_bridge then
  return
end
vim.g.loaded_kernel_bridge = true

if vim.fn.has("nvim-0.11") == 0 then
  local version = vim.version()
  local found = ("%d.%d.%d"):format(version.major, version.minor, version.patch)
  local message = "kernel-bridge needs Neovim 0.11 or newer; this is " .. found
  vim.api.nvim_echo({ { message, "ErrorMsg" } }, true, {})
  return
end

vim.api.nvim_create_user_command("KernelBridge", function(call)
  require("kernel_bridge.command").execute(call)
end, {
  nargs = "*",
  range = true,
  bang = true,
  desc = "Run code on a Jupyter kernel",
  complete = function(...)
    return require("kernel_bridge.command").complete(...)
  end,
})

vim.api.nvim_create_autocmd("BufReadCmd", {
  group = vim.api.nvim_create_augroup("kernel_bridge_outputs", { clear = true }),
  pattern = "kernel-bridge://output/*",
  callback = function(event)
    require("kernel_bridge.output_buffer").read(event.buf)
  end,
})

vim.api.nvim_create_autocmd("LspAttach", {
  group = vim.api.nvim_create_augroup("kernel_bridge_restore", { clear = true }),
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == "kernel_bridge" then
      require("kernel_bridge.handlers").attached(event.buf)
    end
  end,
})

-- Notebooks. The file type is detected after BufReadPre, and depends on the module that this loads.
vim.api.nvim_create_autocmd(
  { "BufReadPre", "BufReadPost", "BufNewFile", "BufWinEnter", "BufWritePost", "BufUnload" },
  {
    group = vim.api.nvim_create_augroup("kernel_bridge_notebooks", { clear = true }),
    pattern = "*.ipynb",
    callback = function(event)
      require("kernel_bridge.notebook").on(event)
    end,
  }
)

--- Mappings that call a function of the Lua API.
for plug, name in pairs({
  ["run-cell"] = "run_cell",
  ["run-and-advance"] = "run_and_advance",
  ["run-statement"] = "run",
  ["run-above"] = "run_above",
  ["run-below"] = "run_below",
  ["run-all"] = "run_all",
  ["interrupt"] = "interrupt",
  ["output"] = "output",
  ["open"] = "open",
  ["insert"] = "insert",
  ["toggle"] = "toggle",
  ["delete"] = "delete",
  ["clear"] = "clear",
  ["restore"] = "restore",
  ["rerun"] = "rerun",
  ["rerun-all"] = "rerun_all",
}) do
  vim.keymap.set("n", "<Plug>(kernel-bridge-" .. plug .. ")", function()
    require("kernel_bridge")[name]()
  end, { desc = "kernel-bridge: " .. plug:gsub("-", " ") })
end

vim.keymap.set({ "n", "x" }, "<Plug>(kernel-bridge-run)", function()
  return require("kernel_bridge.operator").operator()
end, { expr = true, desc = "kernel-bridge: run a motion or the selection" })

vim.keymap.set("n", "<Plug>(kernel-bridge-run-line)", function()
  require("kernel_bridge").run_line()
end, { desc = "kernel-bridge: run line" })

for plug, count in pairs({ ["next-cell"] = 1, ["prev-cell"] = -1 }) do
  vim.keymap.set({ "n", "x", "o" }, "<Plug>(kernel-bridge-" .. plug .. ")", function()
    require("kernel_bridge.cells").jump(count * vim.v.count1)
  end, { desc = "kernel-bridge: " .. plug:gsub("-", " ") })
end

for plug, name in pairs({ ["next-result"] = "next_result", ["prev-result"] = "prev_result" }) do
  vim.keymap.set({ "n", "x", "o" }, "<Plug>(kernel-bridge-" .. plug .. ")", function()
    require("kernel_bridge")[name]({ count = vim.v.count1 })
  end, { desc = "kernel-bridge: " .. plug:gsub("-", " ") })
end

for plug, around in pairs({ ["inner-cell"] = false, ["a-cell"] = true }) do
  vim.keymap.set({ "x", "o" }, "<Plug>(kernel-bridge-" .. plug .. ")", function()
    require("kernel_bridge.cells").select(around)
  end, { desc = "kernel-bridge: " .. plug:gsub("-", " ") })
end
