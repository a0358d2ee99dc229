/** Restarts and ends kernels, and keeps them running after the window closes. */

import * as vscode from "vscode";
import { fileNameOf } from "../file/documents";
import { hasEnded, type Session } from "../runs/session";
import { type Connection, errorData } from "../server/connection";
import type { Run } from "../server/protocol";
import { label } from "../ui/ansi";
import { withProgress } from "../ui/progress";
import type { Running } from "./running";
import { kernelName } from "./short_paths";
import { requireAnyKernel, requireKernel, requireTarget } from "./target";

export interface Parts {
  connection: Connection;
  session: Session;
  running: Running;
}

/** Restarts the kernel of the target, even after its end. One that exited with its server is started again. */
export async function restart({ connection, session, running }: Parts): Promise<void> {
  const target = requireTarget(session);
  const last = target.kernel ?? session.lastKernelOf(target.uri.toString(), target.languageId);
  const { id } = last ?? requireAnyKernel(target);
  try {
    const kernel = await withProgress(vscode.l10n.t("Restarting the kernel"), (token) =>
      connection.execute("kernel-bridge.restartKernel", { kernelId: id }, token),
    );
    session.kernel(kernel);
    for (const uri of kernel.documents ?? []) session.bind(vscode.Uri.parse(uri).toString(), id);
  } catch (error) {
    if (errorData(error)?.kind !== "NoSuchKernel") throw error;
    await running.ready(target);
  }
}

export async function shutDown({ connection, session }: Parts): Promise<void> {
  const { id } = requireKernel(requireTarget(session));
  await connection.execute("kernel-bridge.shutdownKernel", { kernelId: id });
  session.lose(id);
}

/** Leaves a kernel running without this window. */
export async function detach({ connection, session }: Parts): Promise<void> {
  const { id } = requireKernel(requireTarget(session));
  await connection.execute("kernel-bridge.detachKernel", { kernelId: id });
  for (const uri of session.documentsOf(id)) session.unbind(uri, id);
}

/** Makes a kernel independent of this window, whose files continue to use it. */
export async function keep({ connection, session }: Parts): Promise<void> {
  const { id } = requireKernel(requireTarget(session));
  const [first, ...others] = session.documentsOf(id);
  await connection.execute("kernel-bridge.detachKernel", { kernelId: id });
  const of = first === undefined ? {} : { textDocument: { uri: first } };
  const kernel = await connection.execute("kernel-bridge.attachKernel", { kernelId: id, ...of });
  for (const uri of others)
    await connection.execute("kernel-bridge.bindKernel", { textDocument: { uri }, kernelId: id });
  session.kernel(kernel);
}

/** Cancels a run of the target's kernel. The user chooses if there are several. */
export async function cancelRun({ connection, session }: Parts): Promise<void> {
  const kernel = requireKernel(requireTarget(session));
  const open = [...session.runs.values()]
    .map(({ run }) => run)
    .filter((run) => run.kernelId === kernel.id && !hasEnded(run));
  if (open.length === 0)
    throw new Error(vscode.l10n.t("{0} has no running or queued runs to cancel", kernelName(kernel)));
  const run = open.length > 1 ? await chooseRun(open) : open[0];
  if (run) await connection.execute("kernel-bridge.cancelRun", { runId: run.id });
}

async function chooseRun(runs: Run[]): Promise<Run | undefined> {
  const items = runs.map((run) => {
    const file = run.textDocument && fileNameOf(vscode.Uri.parse(run.textDocument.uri));
    const line = run.range && vscode.l10n.t("line {0}", run.range.start.line + 1);
    return {
      label: `$(${run.state === "running" ? "sync" : "watch"}) ${label(run.source.trim().split("\n")[0] ?? "")}`,
      description: label([run.state, file, line].filter(Boolean).join(" · ")),
      run,
    };
  });
  const title = vscode.l10n.t("Select a run to cancel");
  return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.run;
}
