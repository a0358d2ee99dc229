/** Lets the user choose a kernel: a running one, one to start, or a connection file. */

import * as vscode from "vscode";
import { fileNameOf } from "../file/documents";
import { isFenced } from "../file/fences";
import type { Session } from "../runs/session";
import type { Connection } from "../server/connection";
import type { Kernel, KernelSpec, Position } from "../server/protocol";
import { selectedPython } from "../server/python_environment";
import { settings } from "../settings";
import { label, legible } from "../ui/ansi";
import { runsQueued } from "../ui/plural";
import { installKernel } from "./installation";
import { kernelName, shortPaths } from "./short_paths";

interface Choice extends vscode.QuickPickItem {
  choose?: () => Promise<Kernel>;
}

export type Document = { uri: vscode.Uri; languageId: string };

/** Lets the user choose a kernel to attach to or to start. Returns undefined if the user cancels. */
export async function chooseKernel(
  connection: Connection,
  session: Session,
  document: Document,
): Promise<Kernel | undefined> {
  const choices = Promise.all([
    runningChoices(connection, session, document),
    specChoices(connection, document),
  ]);
  return await pick(
    session,
    document,
    choices.then((lists) => lists.flat()),
    "Select a kernel",
  );
}

export async function chooseSpec(
  connection: Connection,
  session: Session,
  document: Document,
): Promise<Kernel | undefined> {
  return await pick(session, document, specChoices(connection, document), "Start a kernel");
}

export async function chooseRunning(
  connection: Connection,
  session: Session,
  document: Document,
): Promise<Kernel | undefined> {
  const choices = runningChoices(connection, session, document).then((list) => [
    ...list,
    { label: "", kind: vscode.QuickPickItemKind.Separator },
    {
      label: `$(file) ${vscode.l10n.t("Connection file…")}`,
      description: vscode.l10n.t("of a kernel that was started elsewhere"),
      choose: () => byFile(connection, document),
    },
  ]);
  return await pick(session, document, choices, vscode.l10n.t("Attach to a kernel"));
}

async function pick(
  session: Session,
  document: Document,
  choices: Promise<Choice[]>,
  title: string,
): Promise<Kernel | undefined> {
  const chosen = await vscode.window.showQuickPick(choices, {
    title: vscode.l10n.t("{0} for {1}", title, fileNameOf(document.uri)),
    placeHolder: vscode.l10n.t("Search by name or path"),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  // VS Code would leave the focus on the status bar.
  await vscode.commands.executeCommand("workbench.action.focusActiveEditorGroup");
  if (!chosen?.choose) return undefined;
  const options = {
    location: vscode.ProgressLocation.Window,
    title: `Kernel Bridge: ${chosen.label.replace(/^\$\([\w-]+\) /, "")}`,
  };
  const kernel = await vscode.window.withProgress(options, chosen.choose);
  session.kernel(kernel);
  session.bind(document.uri.toString(), kernel.id);
  return kernel;
}

async function specChoices(connection: Connection, document: Document): Promise<Choice[]> {
  const textDocument = { uri: document.uri.toString() };
  const params = { textDocument, ...cursorIn(document.uri) };
  const { specs } = await connection.execute("kernel-bridge.listKernelSpecs", params);
  const start = (params: { spec: string } | { python: string }) =>
    connection.execute("kernel-bridge.startKernel", { ...params, textDocument });
  const isPython = document.languageId === "python";
  const selected = isPython
    ? (settings(document.uri).kernelPython ?? (await selectedPython(document.uri)))
    : undefined;
  const own: Choice[] = [];
  const installed: Choice[] = [];
  const elsewhere: Choice[] = [];
  const unusable: Choice[] = [];
  if (selected && !specs.some(({ python, install }) => python === selected && install)) {
    const description = shortPaths(selected);
    const choose = () => start({ python: selected });
    own.push({ label: `$(star-full) ${vscode.l10n.t("Selected Python environment")}`, description, choose });
  }
  // The server sorts by relevance: environments listed before the installed kernelspecs belong to the document.
  for (const spec of specs) {
    if (selected !== undefined && spec.python === selected && !spec.install) continue;
    const choice = specChoice(spec, async () => {
      if (spec.install) await installKernel(connection, spec.install);
      return await start(specParams(spec));
    });
    if (!spec.usable) unusable.push(choice);
    else if (spec.source === "kernelspec") installed.push(choice);
    else (installed.length > 0 ? elsewhere : own).push(choice);
  }
  return [
    ...group(vscode.l10n.t("Start: environments of this file"), own),
    ...group(vscode.l10n.t("Start: installed kernels"), installed),
    ...group(vscode.l10n.t("Start: other environments"), elsewhere),
    ...group(vscode.l10n.t("Not usable yet"), unusable),
  ];
}

/** The cursor in a document with fenced code: the kernels for the language there come first. */
function cursorIn(uri: vscode.Uri): { position?: Position } {
  const editor = vscode.window.activeTextEditor;
  if (!editor || !isFenced(editor.document) || editor.document.uri.toString() !== uri.toString()) return {};
  const { line, character } = editor.selection.active;
  return { position: { line, character } };
}

function group(label: string, choices: Choice[]): Choice[] {
  return choices.length > 0 ? [{ label, kind: vscode.QuickPickItemKind.Separator }, ...choices] : [];
}

function specParams(spec: KernelSpec): { spec: string } | { python: string } {
  return spec.source === "environment" && spec.python ? { python: spec.python } : { spec: spec.name };
}

function specChoice(spec: KernelSpec, choose: () => Promise<Kernel>): Choice {
  const name = `$(${spec.usable ? "play" : "warning"}) ${label(shortPaths(spec.displayName))}`;
  if (spec.install)
    return {
      label: `$(cloud-download) ${label(shortPaths(spec.displayName))}`,
      description: vscode.l10n.t("install ipykernel"),
      detail: shortPaths(spec.install.command),
      choose,
    };
  if (!spec.usable) return { label: name, detail: shortPaths(spec.problem ?? ""), choose };
  const isNamed = spec.displayName.toLowerCase().includes(spec.language.toLowerCase());
  const description = [isNamed ? "" : spec.language, spec.reason ?? spec.resourceDir].filter(Boolean);
  return { label: name, description: shortPaths(description.join(" · ")), choose };
}

async function runningChoices(
  connection: Connection,
  session: Session,
  document: Document,
): Promise<Choice[]> {
  const { kernels } = await connection.execute("kernel-bridge.listKernels", {});
  const current = session.kernelOf(document.uri, document.languageId)?.id;
  const rank = ({ id, origin }: Kernel) => (id === current ? 0 : origin === "found" ? 2 : 1);
  const alive = kernels.filter(({ state }) => state !== "dead").sort((one, other) => rank(one) - rank(other));
  const choices = alive.map((kernel) =>
    runningChoice(session, kernel, kernel.id === current, () => take(connection, kernel, document)),
  );
  return group(vscode.l10n.t("Running"), choices);
}

function runningChoice(
  session: Session,
  kernel: Kernel,
  isCurrent: boolean,
  choose: () => Promise<Kernel>,
): Choice {
  const users = session.documentsOf(kernel.id).map((uri) => fileNameOf(vscode.Uri.parse(uri)));
  const used = users.length > 0 ? vscode.l10n.t("used by {0}", users.join(", ")) : "";
  const file = kernel.origin === "found" ? kernel.connectionFile?.split(/[/\\]/).pop() : "";
  const folder = kernel.cwd === undefined ? "" : shortPaths(kernel.cwd);
  const waiting = kernel.queued > 0 ? runsQueued(kernel.queued) : "";
  const recorded = kernel.recorded ? vscode.l10n.t("recorded") : "";
  const description = [kernel.state, waiting, recorded, used, folder === "." ? "" : folder, file];
  return {
    label: `$(${isCurrent ? "check" : "plug"}) ${label(kernelName(kernel))}`,
    description: legible(description.filter(Boolean).join(" · ")),
    choose,
  };
}

/** Binds a document to a running kernel. */
async function take(connection: Connection, kernel: Kernel, document: Document): Promise<Kernel> {
  const params = { kernelId: kernel.id, textDocument: { uri: document.uri.toString() } };
  if (kernel.origin === "found") return await connection.execute("kernel-bridge.attachKernel", params);
  await connection.execute("kernel-bridge.bindKernel", params);
  return kernel;
}

async function byFile(connection: Connection, document: Document): Promise<Kernel> {
  const connectionFile = await vscode.window.showInputBox({
    title: vscode.l10n.t("Attach to a kernel by connection file"),
    prompt: vscode.l10n.t("Enter a path, a file name or a pattern, as for jupyter console --existing"),
    placeHolder: "kernel-4711.json",
    ignoreFocusOut: true,
  });
  if (connectionFile === undefined) throw new vscode.CancellationError();
  const textDocument = { uri: document.uri.toString() };
  return await connection.execute("kernel-bridge.attachKernel", { connectionFile, textDocument });
}
