/** The entry point of the extension: creates its parts and connects them. */

import * as vscode from "vscode";
import { registerCommands } from "./commands";
import { InlineResults } from "./file/inline";
import { DOCUMENTS } from "./file/languages";
import { CellLenses } from "./file/lenses";
import { Places } from "./file/places";
import { Problems } from "./file/problems";
import { CellProposals, offerKeys } from "./file/proposals";
import { Restoring } from "./file/restoring";
import { Running } from "./kernels/running";
import { NotebookRunner } from "./notebooks/notebook_runner";
import { Notebooks } from "./notebooks/notebooks";
import { Reopened } from "./notebooks/reopened";
import { Results } from "./notebooks/results";
import { registerUndrawn } from "./notebooks/undrawn";
import { registerWholeOutput } from "./notebooks/whole_output";
import { Ran } from "./runs/ran";
import { Session } from "./runs/session";
import { Connection, messageOf } from "./server/connection";
import { findServer } from "./server/discovery";
import { Kept } from "./server/kept";
import { followRenames } from "./server/renames";
import { settings } from "./settings";
import { Activity } from "./ui/activity";
import { openExample } from "./ui/example";
import { LongRuns } from "./ui/long_runs";
import { registerProgress } from "./ui/progress";
import { Prompts } from "./ui/prompts";
import { reportExit, reported } from "./ui/reporting";
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
      stdin: (params, token) => prompts.ask(params, token),
      showsRun: (document, position) => inline.at(document, position) !== undefined,
      ended: (again) => {
        session.serverEnded(vscode.l10n.t("the server has exited"));
        prompts.withdraw();
        void reportExit(again);
      },
      started: async () => {
        await kept.look();
        restoring.openedAll();
      },
    },
    context.globalStorageUri.fsPath,
  );
  connection = server;
  const prompts: Prompts = new Prompts(session);
  const kept: Kept = new Kept(server, session);
  const running = new Running(server, session, kept);
  const notebooks = new Notebooks(session, new NotebookRunner(server, session, running), log);
  const results = new Results(session, notebooks, log);
  const activity = new Activity(session);
  const places = new Places(session);
  const ran = new Ran(context.workspaceState, session);
  const restoring: Restoring = new Restoring({ connection: server, session, kept, places, ran });
  const inline: InlineResults = new InlineResults(places);
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
    ran,
    restoring,
    new Reopened({ connection: server, session, notebooks, ran }),
    lenses,
    followRenames(server, session),
    inline,
    new Problems(places),
    activity,
    new Status(session, activity, server),
    new CellProposals(session),
    offerKeys(places),
    registerProgress(),
    prompts,
    new LongRuns(session, server),
    vscode.commands.registerCommand("kernelBridge.openExample", () =>
      reported(() => openExample(context.extensionUri)),
    ),
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
