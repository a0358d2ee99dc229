-- luacheck settings for Neovim. `make check` runs luacheck.

std = "luajit"
max_line_length = 120
globals = { "vim" }
read_globals = { "Snacks" }
files["lua/kernel_bridge/protocol.lua"] = { max_line_length = false } -- generated
exclude_files = { "scripts" }
