/** The commands of the command palette. */

import * as vscode from "vscode";
import { Cursor } from "./file/cursor";
import type { Places } from "./file/places";
import { insertProposal, proposingRun } from "./file/proposals";
import { chooseHistory } from "./kernels/history";
import { exportHistory } from "./kernels/history_export";
import { chooseKernel, chooseRunning, chooseSpec } from "./kernels/kernel_picker";
import { assertRunnable, type Running } from "./kernels/running";
import { requireAnyKernel, requireKernel, requireTarget, type Target } from "./kernels/target";
import type { Results } from "./notebooks/results";
import { openWhole } from "./notebooks/whole_output";
import { hasEnded, type Session } from "./runs/session";
import type { Connection } from "./server/connection";
import type { Unit } from "./server/protocol";
import { label } from "./ui/ansi";
import { reported } from "./ui/reporting";

export interface Parts {
  connection: Connection;
  session: Session;
  running: Running;
  results: Results;
  places: Places;
}

type Command = (...args: unknown[]) => Promise<unknown>;

/** Registers all commands. A failure of a command is shown as a message. */
export function registerCommands(parts: Parts): vscode.Disposable {
  const cursor = new Cursor();
  const commands: Record<string, Command> = {
    ...runCommands(parts, cursor),
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

function runCommands({ running }: Parts, cursor: Cursor): Record<string, Command> {
  const unit = (name: Unit): Command => {
    return (place) => running.unit(activeEditor(), name, positionOf(place));
  };
  return {
    runSelection: () => running.unit(activeEditor(), "range"),
    runLine: unit("line"),
    runCell: unit("cell"),
    runCellAndAdvance: async () => {
      const editor = activeEditor();
      const runs = running.unit(editor, "cell", cursor.of(editor));
      cursor.advance(editor);
      await runs;
    },
    runAbove: unit("above"),
    runBelow: unit("below"),
    runAll: unit("all"),
  };
}

function kernelCommands({ connection, session, running }: Parts): Record<string, Command> {
  const kernelId = () => requireKernel(requireTarget(session)).id;
  const restart = async () => {
    const { id } = requireAnyKernel(requireTarget(session));
    const kernel = await running.withProgress("restarting the kernel", (token) =>
      connection.execute("kernel-bridge.restartKernel", { kernelId: id }, token),
    );
    session.kernel(kernel);
  };
  return {
    startKernel: async () => chooseSpec(connection, session, runnable(requireTarget(session))),
    attachKernel: async () => chooseRunning(connection, session, runnable(requireTarget(session))),
    selectKernel: async () => chooseKernel(connection, session, runnable(requireTarget(session))),
    interruptKernel: async () => {
      const { outcome } = await connection.execute("kernel-bridge.interruptKernel", { kernelId: kernelId() });
      if (outcome === "ignored")
        throw new Error(
          'the kernel ignored the interrupt; to stop it and discard its variables, use "Restart Kernel"',
        );
      if (outcome === "died")
        throw new Error('the interrupt killed the kernel; start it again with "Restart Kernel"');
    },
    restartKernel: restart,
    restartAndRunAll: async () => {
      const editor = activeEditor();
      await restart();
      await running.unit(editor, "all");
    },
    shutDownKernel: async () => {
      const id = kernelId();
      await connection.execute("kernel-bridge.shutdownKernel", { kernelId: id });
      for (const uri of session.documentsOf(id)) session.unbind(uri, id);
    },
    cancelRun: async () => {
      const kernel = requireKernel(requireTarget(session));
      const open = [...session.runs.values()].filter(
        ({ run }) => run.kernelId === kernel.id && !hasEnded(run),
      );
      const entry = open.length > 1 ? await chooseRun(open.map(({ run }) => run)) : open[0]?.run;
      if (entry) await connection.execute("kernel-bridge.cancelRun", { runId: entry.id });
      else if (open.length === 0) throw new Error("this kernel has no running or queued runs to cancel");
    },
  };
}

async function chooseRun<T extends { source: string; state: string }>(runs: T[]): Promise<T | undefined> {
  const items = runs.map((run) => ({
    label: label(run.source.trim().split("\n")[0] ?? ""),
    description: run.state,
    run,
  }));
  return (await vscode.window.showQuickPick(items, { title: "Select a run to cancel" }))?.run;
}

function otherCommands({ connection, session, results, places }: Parts): Record<string, Command> {
  return {
    showResults: (runId) => {
      if (typeof runId === "string") return results.revealRun(runId);
      const { kernel, uri } = requireTarget(session);
      return results.reveal(uri, kernel?.id);
    },
    openWholeOutput: openWhole,
    insertNextInput: (runId) => {
      const entry =
        typeof runId === "string" ? session.runs.get(runId) : proposingRun(places, activeEditor());
      return insertProposal(connection, session, entry);
    },
    clearInline: async () => places.clear(activeEditor().document),
    showHistory: () => chooseHistory(connection, session, results),
    exportHistory: () => exportHistory(connection, requireTarget(session)),
    showLog: async () => connection.log.show(),
  };
}

function runnable(target: Target): Target {
  assertRunnable(target.uri);
  return target;
}

function activeEditor(): vscode.TextEditor {
  const editor = vscode.window.activeTextEditor;
  if (editor) return editor;
  throw new Error("no file is open; open a file to run its code");
}

/** The position that a code lens passes to its command. */
function positionOf(place: unknown): vscode.Position | undefined {
  return typeof place === "number" ? new vscode.Position(place, 0) : undefined;
}
