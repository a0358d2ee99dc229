/** Whether a result still tells something about the kernel of its file. */

import * as vscode from "vscode";
import { hasEnded, type Session } from "../runs/session";
import type { Run } from "../server/protocol";
import { fenceNameOf } from "./fences";

/** Why the state that a run left in its kernel is gone, as a sentence; undefined if it is not. */
export function outdated(session: Session, run: Run): string | undefined {
  if (!hasEnded(run)) return undefined;
  const kernel = session.kernels.get(run.kernelId);
  if (!kernel) return vscode.l10n.t("From an earlier session.");
  if (run.epoch < kernel.epoch) return vscode.l10n.t("From before the restart of the kernel.");
  if (kernel.state === "dead" && run.state !== "lost") return vscode.l10n.t("The kernel has ended since.");
  const uri = (run.notebookDocument ?? run.textDocument)?.uri;
  const current = uri && session.kernelOf(vscode.Uri.parse(uri), fenceNameOf(kernel.language));
  if (current && current.id !== kernel.id) return vscode.l10n.t("From another kernel of this file.");
  return undefined;
}
