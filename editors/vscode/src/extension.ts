/** The extension's entry: makes the parts and joins them. */

import * as vscode from "vscode";
import { registerCommands } from "./commands";
import { Connection } from "./connection";
import { InlineResults } from "./inline";
import { DOCUMENTS } from "./languages";
import { CellLenses } from "./lenses";
import { LongRuns } from "./long_runs";
import { NotebookRunner } from "./notebook_runner";
import { Notebooks } from "./notebooks";
import { Places } from "./places";
import { Problems } from "./problems";
import { ask } from "./prompts";
import { Results } from "./results";
import { Running } from "./running";
import { RESULTS, serializer } from "./serializer";
import { Session } from "./session";
import { Status } from "./status";

let connection: Connection | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Kernel Bridge", { log: true });
  const session: Session = new Session((runId) => server.execute("kernel-bridge.getRun", { runId }));
  const server = new Connection(log, {
    kernel: ({ kernel }) => session.kernel(kernel),
    run: ({ run }) => session.run(run),
    output: (params) => session.output(params),
    stdin: (params, token) =>
      ask(params, session.kernels.get(params.kernelId)?.displayName ?? "Input", token),
    ended: () => session.serverEnded("kernel-bridge has ended"),
    started: async () => undefined,
  });
  connection = server;
  const running = new Running(server, session);
  const notebooks = new Notebooks(session, new NotebookRunner(server, session, running));
  const results = new Results(session, notebooks, log);
  const places = new Places(session);
  const lenses = new CellLenses(places);
  context.subscriptions.push(
    log,
    session,
    notebooks,
    results,
    vscode.workspace.registerNotebookSerializer(RESULTS, serializer),
    places,
    lenses,
    new InlineResults(places),
    new Problems(session, places),
    new Status(session, server),
    new LongRuns(session, server),
    vscode.languages.registerCodeLensProvider(DOCUMENTS, lenses),
    registerCommands({ connection: server, session, running, results, places }),
  );
}

export async function deactivate(): Promise<void> {
  await connection?.dispose();
}
