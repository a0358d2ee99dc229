/** The extension's entry: makes the parts and joins them. */

import * as vscode from "vscode";
import { registerCommands } from "./commands";
import { Connection } from "./connection";
import { NotebookRunner } from "./notebook_runner";
import { Notebooks } from "./notebooks";
import { ask } from "./prompts";
import { Results } from "./results";
import { Running } from "./running";
import { RESULTS, serializer } from "./serializer";
import { Session } from "./session";

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
  context.subscriptions.push(
    log,
    session,
    notebooks,
    results,
    vscode.workspace.registerNotebookSerializer(RESULTS, serializer),
    registerCommands({ connection: server, session, running, results }),
  );
}

export async function deactivate(): Promise<void> {
  await connection?.dispose();
}
