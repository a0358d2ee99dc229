"""What of LSP the client of a session has, as far as a feature depends on it (LSP 3.17, "initialize")."""

from dataclasses import dataclass
from typing import Any

from ...protocol.settings import FeatureSettings


@dataclass(frozen=True, slots=True)
class Standard:
    """Each field is a capability of the client; what it does not say it does not have."""

    code_actions: bool
    code_action_literals: bool
    code_lenses: bool
    code_lens_refresh: bool
    inlay_hints: bool
    inlay_hint_refresh: bool
    pull_diagnostics: bool  # and asks again when it is told to; they are pushed to all others
    related_information: bool
    hover_markdown: bool
    data_uris: bool  # pictures within markdown are shown from data URIs
    completion_markdown: bool
    completion_kinds: frozenset[int]
    signature_markdown: bool
    signature_label_offsets: bool
    progress: bool
    show_document: bool
    symbol_trees: bool
    folding: bool
    folding_lines_only: bool
    selection_ranges: bool
    text_document_content: bool
    shows_runs: bool  # one of ours: it shows runs and kernels itself

    def wants(self, wanted: bool | str) -> bool:
        """Whether a feature of that setting is served to this client."""
        return not self.shows_runs if wanted == "auto" else bool(wanted)

    def hints_shown(self, features: FeatureSettings) -> bool:
        """Whether a person sees a result as inlay hint when it comes; without refresh, at some later edit."""
        return self.inlay_hints and self.inlay_hint_refresh and self.wants(features.inlay_hints)


def read_standard(capabilities: Any, shows_runs: bool) -> Standard:
    """From the ClientCapabilities that an editor sent, read with tolerance."""

    def has(path: str) -> bool:
        return _at(capabilities, path) is True

    def takes(path: str) -> bool:
        return isinstance(_at(capabilities, path), dict)

    def formats(path: str) -> bool:
        return "markdown" in _list(_at(capabilities, path))

    document = "textDocument"
    kinds = _list(_at(capabilities, f"{document}.completion.completionItemKind.valueSet"))
    return Standard(
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
        show_document=has("window.showDocument.support"),
        symbol_trees=has(f"{document}.documentSymbol.hierarchicalDocumentSymbolSupport"),
        folding=takes(f"{document}.foldingRange"),
        folding_lines_only=has(f"{document}.foldingRange.lineFoldingOnly"),
        selection_ranges=takes(f"{document}.selectionRange"),
        text_document_content=takes("workspace.textDocumentContent"),
        shows_runs=shows_runs,
    )


def advertised(client: Standard, features: FeatureSettings) -> dict[str, Any]:
    """The ServerCapabilities of what is served to this client.

    What is `auto` and not wanted is among them where the client has it, so that it can be switched on later.
    What LSP has always had is offered to all: Kate 22 has completion, Helix 25 symbols, without saying so.
    """
    capabilities: dict[str, Any] = {}
    if client.code_actions and features.code_actions:
        kinds = {"codeActionKinds": CODE_ACTION_KINDS} if client.code_action_literals else {}
        capabilities["codeActionProvider"] = kinds or True
    if client.code_lenses and features.code_lenses:
        capabilities["codeLensProvider"] = {"resolveProvider": False}
    if client.inlay_hints and features.inlay_hints:
        capabilities["inlayHintProvider"] = True
    if client.pull_diagnostics and features.diagnostics:
        capabilities["diagnosticProvider"] = {
            "identifier": "kernel-bridge",
            "interFileDependencies": True,
            "workspaceDiagnostics": False,
        }
    if features.hover:
        capabilities["hoverProvider"] = True
    if features.completion:
        capabilities["completionProvider"] = {"triggerCharacters": [".", "$"], "resolveProvider": True}
    if features.signature_help:
        capabilities["signatureHelpProvider"] = {"triggerCharacters": ["(", ","]}
    if features.symbols:
        capabilities["documentSymbolProvider"] = True
    if client.folding and features.folding:
        capabilities["foldingRangeProvider"] = True
    if client.selection_ranges and features.selection_ranges:
        capabilities["selectionRangeProvider"] = True
    return capabilities


def advertised_workspace(client: Standard) -> dict[str, Any]:
    """What of the above belongs to the server's `workspace` capabilities."""
    return {"textDocumentContent": {"schemes": [SCHEME]}} if client.text_document_content else {}


SCHEME = "kernel-bridge"  # of the documents that the server has

CODE_ACTION_KINDS = [f"kernel-bridge.{kind}" for kind in ("run", "kernel", "show", "export")]


def _at(capabilities: Any, path: str) -> Any:
    for name in path.split("."):
        capabilities = capabilities.get(name) if isinstance(capabilities, dict) else None
    return capabilities


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
