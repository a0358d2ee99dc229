"""The client capabilities that features depend on (LSP 3.17, "Initialize Request")."""

from dataclasses import dataclass
from typing import Any

from ..protocol.settings import FeatureSettings


@dataclass(frozen=True, slots=True)
class Client:
    """The capabilities of a client; those that it does not declare are false."""

    code_actions: bool
    code_action_literals: bool
    code_lenses: bool
    code_lens_refresh: bool
    inlay_hints: bool
    inlay_hint_refresh: bool
    pull_diagnostics: bool  # with refresh; to other clients, the server pushes diagnostics
    related_information: bool
    hover_markdown: bool
    data_uris: bool  # shows pictures from data URIs in markdown
    completion_markdown: bool
    completion_kinds: frozenset[int]
    signature_markdown: bool
    signature_label_offsets: bool
    progress: bool
    apply_edit: bool
    versioned_edits: bool  # an edit that names the version of its document
    show_document: bool
    symbol_trees: bool
    folding: bool
    folding_lines_only: bool
    selection_ranges: bool
    text_document_content: bool
    shows_runs: bool  # a kernel-bridge plugin, which shows runs and kernels itself

    def wants(self, wanted: bool | str) -> bool:
        """Whether this client gets a feature whose setting is `wanted`."""
        return not self.shows_runs if wanted == "auto" else bool(wanted)

    def hints_shown(self, features: FeatureSettings) -> bool:
        """Whether inlay hints show results immediately; without refresh, they wait for the next edit."""
        return self.inlay_hints and self.inlay_hint_refresh and self.wants(features.inlay_hints)


def read_client(capabilities: Any, shows_runs: bool) -> Client:
    """Read the ClientCapabilities of an editor; malformed ones count as absent."""

    def has(path: str) -> bool:
        return _at(capabilities, path) is True

    def takes(path: str) -> bool:
        return isinstance(_at(capabilities, path), dict)

    def formats(path: str) -> bool:
        return "markdown" in _list(_at(capabilities, path))

    document = "textDocument"
    kinds = _list(_at(capabilities, f"{document}.completion.completionItemKind.valueSet"))
    return Client(
        code_actions=takes(f"{document}.codeAction"),
        code_action_literals=takes(f"{document}.codeAction.codeActionLiteralSupport"),
        code_lenses=takes(f"{document}.codeLens"),
        code_lens_refresh=has("workspace.codeLens.refreshSupport"),
        inlay_hints=takes(f"{document}.inlayHint"),
        inlay_hint_refresh=has("workspace.inlayHint.refreshSupport"),
        pull_diagnostics=takes(f"{document}.diagnostic")
        and (has("workspace.diagnostics.refreshSupport") or has("workspace.diagnostic.refreshSupport")),
        related_information=has(f"{document}.publishDiagnostics.relatedInformation")
        or has(f"{document}.diagnostic.relatedInformation"),
        hover_markdown=formats(f"{document}.hover.contentFormat"),
        data_uris=_at(capabilities, "general.markdown.parser") == "marked",
        completion_markdown=formats(f"{document}.completion.completionItem.documentationFormat"),
        completion_kinds=frozenset(kind for kind in kinds if type(kind) is int) or frozenset(range(1, 19)),
        signature_markdown=formats(f"{document}.signatureHelp.signatureInformation.documentationFormat"),
        signature_label_offsets=has(
            f"{document}.signatureHelp.signatureInformation.parameterInformation.labelOffsetSupport"
        ),
        progress=has("window.workDoneProgress"),
        apply_edit=has("workspace.applyEdit"),
        versioned_edits=has("workspace.workspaceEdit.documentChanges"),
        show_document=has("window.showDocument.support"),
        symbol_trees=has(f"{document}.documentSymbol.hierarchicalDocumentSymbolSupport"),
        folding=takes(f"{document}.foldingRange"),
        folding_lines_only=has(f"{document}.foldingRange.lineFoldingOnly"),
        selection_ranges=takes(f"{document}.selectionRange"),
        text_document_content=takes("workspace.textDocumentContent"),
        shows_runs=shows_runs,
    )


def _at(capabilities: Any, path: str) -> Any:
    for name in path.split("."):
        capabilities = capabilities.get(name) if isinstance(capabilities, dict) else None
    return capabilities


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
