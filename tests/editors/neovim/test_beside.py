"""The plugin beside two other language servers, pylsp and ruff, and beside a statusline."""

import pytest

from tests.editors.neovim.neovim import BIN, Neovim, neovim
from tests.home import Home

pytestmark = pytest.mark.slow

SERVERS = f"""
for name, command in pairs({{ pylsp = {{ "{BIN}/pylsp" }}, ruff = {{ "{BIN}/ruff", "server" }} }}) do
  vim.lsp.config(name, {{ cmd = command, filetypes = {{ "python" }}, root_markers = {{ "pyproject.toml" }} }})
  vim.lsp.enable(name)
end
function _G.statusline() return require("kernel_bridge").statusline() .. " %l" end
vim.o.statusline = "%!v:lua.statusline()"
"""
ASK = """
local method = "textDocument/" .. ...
local params = vim.lsp.util.make_position_params(0, "utf-16")
if method:find("codeAction") then
  params = vim.lsp.util.make_range_params(0, "utf-16")
  params.context = { diagnostics = {}, triggerKind = 1 }
end
if #vim.lsp.get_clients({ bufnr = 0, method = method }) == 0 then
  return {}
end
local names = {}
for id, answer in pairs(vim.lsp.buf_request_sync(0, method, params, 20000)) do
  if answer.result and not vim.tbl_isempty(answer.result) then
    table.insert(names, vim.lsp.get_client_by_id(id).name)
  end
end
table.sort(names)
return names
"""
METHODS = ("completion", "signatureHelp", "hover", "codeAction", "documentSymbol", "codeLens", "inlayHint")


def answering(editor: Neovim) -> dict[str, list[str]]:
    """The servers that answer each request at the cursor."""
    return {method: editor.lua(ASK, method) for method in METHODS}


def opened(editor: Neovim) -> None:
    """Opens a file, waits for its servers, runs it, and goes to the call in its third line."""
    editor.open("import os\n# %% one\nabs(1)\n1 / 0\n")
    editor.until("#vim.lsp.get_clients({ bufnr = 0 }) == 3")
    editor.until("vim.iter(vim.lsp.get_clients()):all(function(client) return client.initialized end)")
    editor.command("run_all")
    editor.until_ended(1)
    editor.api.current.window.cursor = (3, 4)


def test_the_plugin_leaves_the_language_to_other_servers(home: Home) -> None:
    with neovim(home, config=SERVERS) as editor:
        opened(editor)
        editor.until("require('kernel_bridge').kernel().state == 'idle'")
        assert "Python 3 (ipykernel) · idle 3" in editor.screen()[-2]
        found = answering(editor)
        assert not any("kernel_bridge" in names for names in found.values())
        assert found["hover"] == found["completion"] == ["pylsp"]
        editor.until(
            "vim.iter(vim.diagnostic.get(0)):any(function(one) return one.source == 'kernel-bridge' end)"
            " and vim.iter(vim.diagnostic.get(0)):any(function(one) return one.source == 'Ruff' end)"
        )
        editor.api.command("lua vim.lsp.stop_client(vim.lsp.get_clients({ name = 'pylsp' }))")
        editor.until("#vim.lsp.get_clients({ bufnr = 0, name = 'pylsp' }) == 0")
        assert "kernel_bridge" in answering(editor)["hover"]


def test_options_offer_what_the_kernel_knows(home: Home) -> None:
    with neovim(home, config=SERVERS) as editor:
        editor.lua("""require('kernel_bridge').setup({
          completion = true, code_actions = true, symbols = true, hover = true,
          settings = { features = { codeLenses = true } },
        })""")
        opened(editor)
        found = answering(editor)
        assert {method for method, names in found.items() if "kernel_bridge" in names} == {*METHODS} - {
            "inlayHint"
        }
