/** The entry point of the extension: creates its parts and connects them. */

import * as vscode from "vscode";
import { registerCommands } from "./commands";
import { InlineResults } from "./file/inline";
import { DOCUMENTS } from "./file/languages";
import { CellLenses } from "./file/lenses";
import { Places } from "./file/places";
import { Problems } from "./file/problems";
import { CellProposals, offerKey } from "./file/proposals";
import { Running } from "./kernels/running";
import { NotebookRunner } from "./notebooks/notebook_runner";
import { Notebooks } from "./notebooks/notebooks";
import { Results } from "./notebooks/results";
import { registerUndrawn } from "./notebooks/undrawn";
import { registerWholeOutput } from "./notebooks/whole_output";
import { Session } from "./runs/session";
import { Connection, messageOf } from "./server/connection";
import { findServer } from "./server/discovery";
import { Kept } from "./server/kept";
import { followRenames } from "./server/renames";
import { settings } from "./settings";
import { Activity } from "./ui/activity";
import { LongRuns } from "./ui/long_runs";
import { ask } from "./ui/prompts";
import { reportExit } from "./ui/reporting";
import { Status } from "./ui/status";

let connection: Connection | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Kernel Bridge", { log: true });
  const session: Session = new Session((runId) => server.execute("kernel-bridge.getRun", { runId }));
  const server: Connection = new Connection(
    log,
    {
      kernel: ({ kernel }) => session.kernel(kernel),
      run: ({ run }) => session.run(run),
      output: (params) => session.output(params),
      stdin: (params, token) =>
        ask(params, session.kernels.get(params.kernelId)?.displayName ?? "Input", token),
      ended: (again) => {
        session.serverEnded("the server has exited");
        void reportExit(again);
      },
      started: () => kept.look(),
    },
    context.globalStorageUri.fsPath,
  );
  connection = server;
  const kept: Kept = new Kept(server, session);
  const running = new Running(server, session, kept);
  const notebooks = new Notebooks(session, new NotebookRunner(server, session, running), log);
  const results = new Results(session, notebooks, log);
  const activity = new Activity(session);
  const places = new Places(session);
  const lenses = new CellLenses(session, places);
  context.subscriptions.push(
    log,
    session,
    notebooks,
    results,
    registerWholeOutput(server),
    registerUndrawn(),
    vscode.workspace.onDidOpenTextDocument(({ uri }) => kept.attachFor(uri)),
    vscode.workspace.onDidOpenNotebookDocument(({ uri }) => kept.attachFor(uri)),
    places,
    lenses,
    followRenames(server, session),
    new InlineResults(places),
    new Problems(session, places),
    activity,
    new Status(session, activity, server),
    new CellProposals(session),
    offerKey(places),
    new LongRuns(session, server),
    vscode.languages.registerCodeLensProvider(DOCUMENTS, lenses),
    vscode.workspace.onDidGrantWorkspaceTrust(() => lookForKept(server)),
    registerCommands({ connection: server, session, running, results, places }),
  );
  void lookForKept(server);
}

/** With `keepAlive`, starts the server immediately, to find kept kernels. Otherwise the first run starts it. */
async function lookForKept(server: Connection): Promise<void> {
  if (!vscode.workspace.isTrusted || !settings().keepAlive || !(await findServer(server.storage))) return;
  server.start().catch((error: unknown) => server.log.warn(messageOf(error)));
}

export async function deactivate(): Promise<void> {
  await connection?.dispose();
}
