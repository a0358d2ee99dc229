--- A buffer's kernel and server: details in a floating window, and a short text for a statusline.

local ansi = require("kernel_bridge.ansi")
local client = require("kernel_bridge.client")
local expected = require("kernel_bridge.expected")
local here = require("kernel_bridge.here")
local kernel_text = require("kernel_bridge.kernel_text")
local plural = require("kernel_bridge.plural")
local prompt = require("kernel_bridge.prompt")
local session = require("kernel_bridge.session")
local times = require("kernel_bridge.times")

local M = {}

---@param bufnr integer
---@return string[]
function M.lines(bufnr)
  local server = client.get(bufnr)
  local lines = {}
  local function add(name, value)
    if value ~= nil and value ~= "" then
      lines[#lines + 1] = ("%-14s %s"):format(name, ansi.legible(tostring(value)))
    end
  end
  local about = server and server.server_info or {}
  add(
    "server",
    server and ("%s %s, client %d"):format(about.name or "?", about.version or "", server.id) or "none"
  )
  local kernel = session.kernel_of(bufnr)
  if not kernel then
    add("kernel", "none; run code, or choose a kernel with :KernelBridge select")
    return lines
  end
  add("kernel", kernel.displayName)
  add(
    "state",
    kernel_text.state(kernel)
      .. (kernel.queued > 0 and ", " .. plural(kernel.queued, "run") .. " queued" or "")
  )
  add("reason", kernel.reason and kernel.reason:gsub("\n", " "))
  add("language", kernel.language)
  local implementation = (kernel.implementation or "") .. " " .. (kernel.implementationVersion or "")
  add("implementation", vim.trim(implementation))
  add("folder", kernel.cwd and vim.fn.fnamemodify(kernel.cwd, ":~"))
  add("files", kernel_text.files(kernel))
  add("started", kernel.startedAt and times.when(kernel.startedAt))
  add("process", kernel.pid)
  add("restarts", kernel.epoch - 1)
  add("owner", kernel_text.owner(kernel))
  add(
    "connection",
    kernel.connectionFile and vim.fn.fnamemodify(kernel.connectionFile, ":~") or kernel.server
  )
  add("supports", kernel.supports and table.concat(kernel.supports, ", "))
  add("id", kernel.id)
  return lines
end

---@param bufnr integer
function M.show(bufnr)
  vim.lsp.util.open_floating_preview(M.lines(bufnr), "", {
    border = vim.o.winborder ~= "" and vim.o.winborder or "rounded",
    title = " kernel-bridge ",
    focus_id = "kernel_bridge_info",
    wrap = true,
  })
end

--- Returns the buffer's kernel and its state for a statusline; empty without a kernel.
---@param bufnr? integer
---@return string
function M.statusline(bufnr)
  bufnr = here.resolve(bufnr)
  local kernel = session.kernel_of(bufnr)
  if not kernel or kernel.state == "dead" then
    local awaited = expected.awaited(bufnr)
    if awaited or not kernel then
      return awaited or ""
    end
  end
  -- Some statusline plugins evaluate their text: %{…} in a kernel's name would run.
  local name = ansi.legible(kernel.displayName):gsub("%%", "％")
  local state = prompt.is_open(kernel.id) and "waiting for input" or kernel_text.state(kernel)
  return name .. " · " .. state .. kernel_text.queued(kernel)
end

return M
