-- The language server, for vim.lsp.enable("kernel_bridge"); |kernel-bridge-server| says what can be set.

return require("kernel_bridge.server").config
