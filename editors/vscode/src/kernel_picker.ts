/** Choosing a kernel: those that run, those that can be started, connection files. */

import * as vscode from "vscode";
import type { Connection } from "./connection";
import type { Kernel, KernelSpec } from "./protocol";
import { selectedPython } from "./python_environment";
import type { Session } from "./session";
import { settings } from "./settings";

interface Choice extends vscode.QuickPickItem {
  choose?: () => Promise<Kernel>;
}

type Document = { uri: vscode.Uri; languageId: string };

/** Lets a person choose among what runs and what can be started; undefined when they choose nothing. */
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
      label: "$(file) Connection file…",
      description: "of a kernel started elsewhere",
      choose: () => byFile(connection, document),
    },
  ]);
  return await pick(session, document, choices, "Attach to a kernel");
}

async function pick(
  session: Session,
  document: Document,
  choices: Promise<Choice[]>,
  title: string,
): Promise<Kernel | undefined> {
  const name = document.uri.path.split("/").pop();
  const chosen = await vscode.window.showQuickPick(choices, {
    title: `${title} for ${name}`,
    placeHolder: "Type to filter",
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (!chosen?.choose) return undefined;
  const options = { location: vscode.ProgressLocation.Notification, title: `Kernel Bridge: ${chosen.label}` };
  const kernel = await vscode.window.withProgress(options, chosen.choose);
  session.kernel(kernel);
  session.bind(document.uri.toString(), kernel.id);
  return kernel;
}

async function specChoices(connection: Connection, document: Document): Promise<Choice[]> {
  const textDocument = { uri: document.uri.toString() };
  const { specs } = await connection.execute("kernel-bridge.listKernelSpecs", { textDocument });
  const start = (params: { spec: string } | { python: string }) =>
    connection.execute("kernel-bridge.startKernel", { ...params, textDocument });
  const selected = settings(document.uri).kernelPython ?? (await selectedPython(document.uri));
  const choices: Choice[] = [{ label: "Start", kind: vscode.QuickPickItemKind.Separator }];
  if (selected && document.languageId === "python") {
    const choose = () => start({ python: selected });
    choices.push({ label: "$(star-full) Selected Python environment", description: selected, choose });
  }
  for (const spec of specs) choices.push(specChoice(spec, () => start(specParams(spec))));
  return choices;
}

function specParams(spec: KernelSpec): { spec: string } | { python: string } {
  return spec.source === "environment" && spec.python ? { python: spec.python } : { spec: spec.name };
}

function specChoice(spec: KernelSpec, choose: () => Promise<Kernel>): Choice {
  const description = [spec.language, spec.reason].filter(Boolean).join(" · ");
  const detail = spec.problem ?? spec.python ?? spec.resourceDir;
  return {
    label: `$(${spec.usable ? "play" : "warning"}) ${spec.displayName}`,
    description,
    ...(detail === undefined ? {} : { detail }),
    choose,
  };
}

async function runningChoices(
  connection: Connection,
  session: Session,
  document: Document,
): Promise<Choice[]> {
  const { kernels } = await connection.execute("kernel-bridge.listKernels", {});
  const alive = kernels.filter(({ state }) => state !== "dead");
  if (alive.length === 0) return [];
  const textDocument = { uri: document.uri.toString() };
  const current = session.kernelOf(document.uri)?.id;
  const choices = alive.map((kernel): Choice => {
    const users = session.documentsOf(kernel.id).map((uri) => vscode.Uri.parse(uri).path.split("/").pop());
    const detail = users.length > 0 ? `used by ${users.join(", ")}` : (kernel.connectionFile ?? kernel.id);
    return {
      label: `$(${kernel.id === current ? "check" : "plug"}) ${kernel.displayName}`,
      description: [kernel.state, kernel.cwd, kernel.origin === "found" ? "not followed yet" : ""]
        .filter(Boolean)
        .join(" · "),
      detail,
      choose: async () => {
        if (kernel.origin === "found") {
          return await connection.execute("kernel-bridge.attachKernel", {
            kernelId: kernel.id,
            textDocument,
          });
        }
        await connection.execute("kernel-bridge.bindKernel", { kernelId: kernel.id, textDocument });
        return kernel;
      },
    };
  });
  return [{ label: "Running", kind: vscode.QuickPickItemKind.Separator }, ...choices];
}

async function byFile(connection: Connection, document: Document): Promise<Kernel> {
  const connectionFile = await vscode.window.showInputBox({
    title: "Attach to a kernel by its connection file",
    prompt: "A path, a file name, or a pattern, as jupyter console --existing takes it",
    placeHolder: "kernel-4711.json",
    ignoreFocusOut: true,
  });
  if (connectionFile === undefined) throw new vscode.CancellationError();
  const textDocument = { uri: document.uri.toString() };
  return await connection.execute("kernel-bridge.attachKernel", { connectionFile, textDocument });
}
