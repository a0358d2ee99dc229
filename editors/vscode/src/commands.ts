/** The commands of the command palette. */

import * as vscode from "vscode";
import { activeEditor, notebookInFront } from "./commands/active";
import { cellCommands } from "./commands/cells";
import { type Command, runCommands } from "./commands/runs";
import { Cursor } from "./file/cursor";
import type { Places } from "./file/places";
import { insertProposal, proposingRun } from "./file/proposals";
import { chooseHistory } from "./kernels/history";
import { exportHistory } from "./kernels/history_export";
import { chooseKernel, chooseRunning, chooseSpec } from "./kernels/kernel_picker";
import { cancelRun, detach, keep, restart, shutDown } from "./kernels/lifetime";
import { assertRunnable, type Running } from "./kernels/running";
import { requireKernel, requireTarget, type Target } from "./kernels/target";
import type { Results } from "./notebooks/results";
import { clear, runIdOf } from "./notebooks/results_notebook";
import { saveResults } from "./notebooks/save";
import { openWhole } from "./notebooks/whole_output";
import type { RunEntry, Session } from "./runs/session";
import type { Connection } from "./server/connection";
import { reported } from "./ui/reporting";

export interface Parts {
  connection: Connection;
  session: Session;
  running: Running;
  results: Results;
  places: Places;
}

/** Registers all commands. A failure of a command is shown as a message. */
export function registerCommands(parts: Parts): vscode.Disposable {
  const cursor = new Cursor();
  const commands: Record<string, Command> = {
    ...runCommands(parts, cursor),
    ...cellCommands(cursor),
    ...kernelCommands(parts),
    ...otherCommands(parts),
  };
  return vscode.Disposable.from(
    cursor,
    ...Object.entries(commands).map(([name, command]) =>
      vscode.commands.registerCommand(`kernelBridge.${name}`, (...args: unknown[]) =>
        reported(() => command(...args)),
      ),
    ),
  );
}

function kernelCommands(parts: Parts): Record<string, Command> {
  const { connection, session, running } = parts;
  const kernelId = () => requireKernel(requireTarget(session)).id;
  return {
    startKernel: async () => chooseSpec(connection, session, runnable(requireTarget(session))),
    attachKernel: async () => chooseRunning(connection, session, runnable(requireTarget(session))),
    selectKernel: async () => chooseKernel(connection, session, runnable(requireTarget(session))),
    interruptKernel: async () => {
      const { outcome } = await connection.execute("kernel-bridge.interruptKernel", { kernelId: kernelId() });
      if (outcome === "ignored")
        throw new Error(
          vscode.l10n.t(
            'the kernel ignored the interrupt; to stop it and discard its variables, use "Restart Kernel"',
          ),
        );
      if (outcome === "died")
        throw new Error(
          vscode.l10n.t('the interrupt killed the kernel; start it again with "Restart Kernel"'),
        );
    },
    restartKernel: () => restart(parts),
    restartAndRunAll: async () => {
      const editor = notebookInFront() ? undefined : await activeEditor();
      await restart(parts);
      if (editor) await running.unit(editor, "all");
      else await vscode.commands.executeCommand("notebook.execute");
    },
    shutDownKernel: () => shutDown(parts),
    keepKernel: () => keep(parts),
    detachKernel: () => detach(parts),
    cancelRun: () => cancelRun(parts),
  };
}

function otherCommands({ connection, session, results, places }: Parts): Record<string, Command> {
  return {
    showResults: (runId) => {
      if (typeof runId === "string") return results.revealRun(runId);
      const { kernel, uri } = requireTarget(session);
      return results.reveal(uri, kernel?.id);
    },
    openWholeOutput: openWhole,
    insertNextInput: async (runId) => {
      const entry =
        typeof runId === "string" ? session.runs.get(runId) : proposingRun(places, await activeEditor());
      return insertProposal(connection, session, entry);
    },
    clearInline: async () => places.clear((await activeEditor()).document),
    goToCode: (cell) => goToCode(places, session.runs.get(runIdOf(cell as vscode.NotebookCell) ?? "")),
    saveResults: () => {
      const { uri, kernel } = requireTarget(session);
      return saveResults(connection, session, results.shown(kernel?.id), uri);
    },
    clearResults: () => clear(results.shown(requireTarget(session).kernel?.id)),
    showHistory: () => chooseHistory(connection, session, results),
    exportHistory: () => exportHistory(connection, requireTarget(session)),
    showLog: async () => connection.log.show(),
  };
}

/** Shows the code of a run in its file. */
async function goToCode(places: Places, entry: RunEntry | undefined): Promise<void> {
  const { textDocument, notebookDocument, range } = entry?.run ?? {};
  if (!entry || !textDocument || !range || notebookDocument)
    throw new Error(vscode.l10n.t("this code did not run from a file"));
  const uri = vscode.Uri.parse(textDocument.uri);
  const line = places.placeOf(entry)?.first ?? range.start.line;
  const open = vscode.window.visibleTextEditors.find(
    ({ document }) => document.uri.toString() === uri.toString(),
  );
  await vscode.window.showTextDocument(uri, {
    viewColumn: open?.viewColumn ?? vscode.ViewColumn.One,
    selection: new vscode.Range(line, 0, line, 0),
  });
}

function runnable(target: Target): Target {
  assertRunnable(target.uri);
  return target;
}
