/** Searches the history of runs, and shows a run with its outputs. */

import * as vscode from "vscode";
import { fileNameOf } from "../file/documents";
import type { Results } from "../notebooks/results";
import type { Session } from "../runs/session";
import type { Connection } from "../server/connection";
import type { Run } from "../server/protocol";
import { label, legible } from "../ui/ansi";
import { counted } from "../ui/plural";

interface Item extends vscode.QuickPickItem {
  run: Run;
}

const ICONS: Record<Run["state"], string> = {
  queued: "watch",
  running: "sync",
  ok: "pass",
  error: "error",
  aborted: "circle-slash",
  cancelled: "circle-slash",
  lost: "question",
};

/** Lets the user search the history, and shows the chosen run with its outputs in a notebook. */
export async function chooseHistory(
  connection: Connection,
  session: Session,
  results: Results,
): Promise<void> {
  const picker = vscode.window.createQuickPick<Item>();
  picker.title = vscode.l10n.t("Past runs, newest first");
  picker.placeholder = vscode.l10n.t("Search in the code of past runs");
  picker.matchOnDetail = true;
  let asked = 0;
  const search = async (text: string) => {
    const mine = ++asked;
    picker.busy = true;
    const found = await connection.execute("kernel-bridge.history", text === "" ? {} : { text });
    if (mine !== asked) return;
    picker.busy = false;
    picker.items = found.runs.map(toItem);
  };
  const chosen = new Promise<Run | undefined>((resolve, reject) => {
    picker.onDidChangeValue((text) => search(text).catch(reject));
    picker.onDidAccept(() => resolve(picker.selectedItems[0]?.run));
    picker.onDidHide(() => resolve(undefined));
    picker.show();
    search("").catch(reject);
  });
  let run: Run | undefined;
  try {
    run = await chosen;
  } finally {
    picker.dispose();
  }
  if (!run) return;
  const result = await connection.execute("kernel-bridge.getRun", { runId: run.id });
  await results.revealRun(session.recall(result).run.id);
}

function toItem(run: Run): Item {
  const lines = run.source.trim().split("\n");
  const more = lines.length > 1 ? vscode.l10n.t("… {0} lines", counted(lines.length)) : "";
  const file = run.textDocument ? fileNameOf(vscode.Uri.parse(run.textDocument.uri)) : "";
  const at = new Date(run.startedAt ?? run.queuedAt).toLocaleString(vscode.env.language);
  return {
    run,
    label: `$(${ICONS[run.state]}) ${label(lines[0] ?? "")}`,
    description: more,
    detail: legible([at, file, run.error && run.summary?.text].filter(Boolean).join(" · ")),
    alwaysShow: true,
  };
}
