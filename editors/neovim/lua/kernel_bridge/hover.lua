--- Leaves hover to the other language servers of a buffer. Neovim shows all answers, one below the other.

local M = {}

local METHOD = "textDocument/hover"

--- Servers whose answers explain no code.
local OF_COMMENTS = { ruff = true } -- `noqa` comments

---@param client vim.lsp.Client
---@param bufnr integer
---@return boolean
local function others_answer(client, bufnr)
  return vim.iter(vim.lsp.get_clients({ bufnr = bufnr })):any(function(other)
    return other.id ~= client.id and not OF_COMMENTS[other.name] and other:supports_method(METHOD, bufnr)
  end)
end

--- Makes a client answer hover only in buffers in which no other server does. A capability is the same for all buffers.
---@param client vim.lsp.Client
function M.yield(client)
  local supports = client.supports_method
  client.supports_method = function(self, method, bufnr)
    local is_theirs = method == METHOD and type(bufnr) == "number" and others_answer(client, bufnr)
    return not is_theirs and supports(self, method, bufnr)
  end
end

return M
