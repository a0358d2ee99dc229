/** The language client: starts the server, sends commands, dispatches notifications, and restarts the server if it dies. */

import * as vscode from "vscode";
import { SYNCED } from "../file/languages";
import { SECTION } from "../settings";
import { findServer, type ServerCommand } from "./discovery";
import { offerServer } from "./installation";
import type { LanguageClient, LanguageClientOptions, ResponseError, StaticFeature } from "./language_client";
import { withoutExecutions } from "./notebook_sync";
import type {
  ClientCapabilities,
  Commands,
  ErrorData,
  KernelNotification,
  OutputNotification,
  RunNotification,
  StdinAnswer,
  StdinRequest,
} from "./protocol";

/** The server cannot run. The message is shown to the user. */
export class NoServer extends Error {
  constructor(
    readonly kind: "untrusted" | "failed",
    message: string,
  ) {
    super(message);
  }
}

/** Receives the server's notifications and requests. */
export interface Listener {
  kernel(params: KernelNotification): void;
  run(params: RunNotification): void;
  output(params: OutputNotification): void;
  stdin(params: StdinRequest, token: vscode.CancellationToken): Promise<StdinAnswer | null>;
  /** Whether the extension itself shows what ran at a position. The server need not show it again. */
  showsRun(document: vscode.TextDocument, position: vscode.Position): boolean;
  /** The server has exited unexpectedly; `again` if it is being restarted. */
  ended(again: boolean): void;
  /** The server is running; `again` if it was restarted after an unexpected exit. */
  started(again: boolean): Promise<void>;
}

type Library = typeof import("./language_client");

/** A server that exits sooner than this after a restart is not restarted again. */
const STABLE_MS = 60_000;

export class Connection implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private starting: Promise<LanguageClient> | undefined;
  /** Whether the server has responded since its last start. */
  private up = false;
  private restartedAt = Number.NEGATIVE_INFINITY;
  private disposed = false;
  /** How many requests have followed their progress. */
  private requests = 0;
  private readonly emitter = new vscode.EventEmitter<void>();
  /** Fires when the server has started or exited. */
  readonly onState = this.emitter.event;

  constructor(
    readonly log: vscode.LogOutputChannel,
    private readonly listener: Listener,
    /** The folder for the extension's own files. */
    readonly storage: string,
  ) {}

  get running(): boolean {
    return this.client?.isRunning() ?? false;
  }

  /**
   * Starts the server if it is not running, and waits until it is ready. Offers to install it if there is none. Throws
   * NoServer.
   */
  start(): Promise<LanguageClient> {
    if (!this.starting && this.client?.isRunning()) return Promise.resolve(this.client);
    this.starting ??= this.launch().finally(() => {
      this.starting = undefined;
      this.emitter.fire();
    });
    return this.starting;
  }

  /** Stops the server, and with it the kernels that are not kept alive. */
  async stop(): Promise<void> {
    await this.starting?.catch(() => undefined); // the caller of start() handles the error
    const client = this.client;
    this.client = undefined;
    await client?.dispose(10_000);
    this.emitter.fire();
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    await this.stop();
    this.emitter.dispose();
  }

  /** Runs one of the server's commands, starting the server first. `report` receives the lines of its progress. */
  async execute<K extends keyof Commands>(
    command: K,
    argument: Commands[K]["argument"],
    token?: vscode.CancellationToken,
    report?: (line: string) => void,
  ): Promise<Commands[K]["result"]> {
    // While it starts, `listener.started` also sends commands: those must not wait for the start.
    const client = this.client?.isRunning() ? this.client : await this.start();
    const progress = report && (await this.followProgress(client, report));
    const params = { command, arguments: [argument], workDoneToken: progress?.token };
    // An undefined token would count as a second parameter.
    const method = "workspace/executeCommand";
    try {
      return await (token ? client.sendRequest(method, params, token) : client.sendRequest(method, params));
    } finally {
      progress?.dispose();
    }
  }

  /** Receives the progress of a request that is sent with the returned token. */
  private async followProgress(client: LanguageClient, report: (line: string) => void) {
    const { WorkDoneProgress } = await import("./language_client");
    const token = `request ${++this.requests}`;
    const subscription = client.onProgress(WorkDoneProgress.type, token, (value) => {
      if (value.kind === "report" && value.message) report(value.message);
    });
    return { token, dispose: () => subscription.dispose() };
  }

  private async launch(): Promise<LanguageClient> {
    if (!vscode.workspace.isTrusted) {
      throw new NoServer(
        "untrusted",
        vscode.l10n.t("kernels do not start in a workspace that is not trusted"),
      );
    }
    const found = (await findServer(this.storage)) ?? (await this.install());
    // Clean up after a server that exited unexpectedly. Failing to stop it is not an error.
    await this.client?.dispose().catch((error: unknown) => this.log.debug(messageOf(error)));
    this.log.info(`starting ${[found.command, ...found.args].join(" ")} (from ${found.origin})`);
    const library = await import("./language_client"); // takes longer to load than everything else
    const client = this.create(library, found);
    this.client = client;
    this.up = false;
    try {
      await client.start();
      this.up = true;
    } catch (error) {
      this.client = undefined;
      throw new NoServer(
        "failed",
        vscode.l10n.t("{0} (from {1}) failed to start: {2}", found.command, found.origin, messageOf(error)),
      );
    }
    await this.listener.started(false);
    return client;
  }

  /** Installs the server if the user agrees. Throws CancellationError if not. */
  private async install(): Promise<ServerCommand> {
    const agreed = await offerServer(this.log, this.storage).catch((error: unknown) => {
      throw isCancelled(error) ? error : new NoServer("failed", messageOf(error));
    });
    if (!agreed) throw new vscode.CancellationError();
    const found = await findServer(this.storage);
    if (found) return found;
    throw new NoServer(
      "failed",
      vscode.l10n.t("the server was installed, but cannot be found; set its path"),
    );
  }

  private create(library: Library, server: ServerCommand): LanguageClient {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const cwd = folder?.scheme === "file" ? { cwd: folder.fsPath } : {};
    const options: LanguageClientOptions = {
      documentSelector: SYNCED,
      outputChannel: this.log,
      revealOutputChannelOn: library.RevealOutputChannelOn.Never, // callers report errors to the user
      initializationOptions: () => vscode.workspace.getConfiguration(SECTION),
      middleware: {
        provideHover: (document, position, token, next) =>
          this.listener.showsRun(document, position) ? undefined : next(document, position, token),
        notebooks: withoutExecutions(),
      },
      initializationFailedHandler: () => false,
      progressOnInitialization: true,
      errorHandler: {
        error: (error) => {
          this.log.error(`the connection to the server failed: ${error.message}`);
          return { action: library.ErrorAction.Continue, handled: true };
        },
        closed: () => this.closed(library),
      },
    };
    const client = new library.LanguageClient(
      SECTION,
      "Kernel Bridge",
      { command: server.command, args: server.args, options: cwd },
      options,
    );
    client.registerFeature(capabilities);
    client.onNotification("kernel-bridge/kernel", (params: KernelNotification) =>
      this.listener.kernel(params),
    );
    client.onNotification("kernel-bridge/run", (params: RunNotification) => this.listener.run(params));
    client.onNotification("kernel-bridge/output", (params: OutputNotification) =>
      this.listener.output(params),
    );
    client.onRequest("kernel-bridge/stdin", (params: StdinRequest, token) =>
      this.listener.stdin(params, token),
    );
    return client;
  }

  private closed({ CloseAction }: Library) {
    if (!this.up) return { action: CloseAction.DoNotRestart, handled: true }; // the caller of start() reports it
    const again = Date.now() - this.restartedAt > STABLE_MS && !this.disposed;
    this.up = false;
    this.log.error(`the server exited unexpectedly${again ? "; restarting it" : ""}`);
    this.listener.ended(again);
    if (again) {
      this.restartedAt = Date.now();
      setImmediate(() => this.restarted());
    }
    this.emitter.fire();
    return { action: again ? CloseAction.Restart : CloseAction.DoNotRestart, handled: true };
  }

  private async restarted(): Promise<void> {
    try {
      await this.client?.start(); // waits for the start that CloseAction.Restart began
      this.up = true;
      await this.listener.started(true);
    } catch (error) {
      this.log.error(`the server failed to restart: ${messageOf(error)}`);
      this.listener.ended(false);
    }
    this.emitter.fire();
  }
}

/** Announces the client capabilities of the kernel-bridge protocol. */
const capabilities: StaticFeature = {
  fillClientCapabilities(capabilities) {
    const kernelBridge: ClientCapabilities = {
      version: 1,
      output: true,
      stdin: true,
      install: true,
      blobs: "inline",
    };
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), kernelBridge };
  },
  getState: () => ({ kind: "static" }),
  initialize() {},
  clear() {},
};

/** The text of an error for a message to the user. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The data of a failed command; undefined for other errors. */
export function errorData(error: unknown): ErrorData | undefined {
  return isResponse(error) ? error.data : undefined;
}

/** Whether a command failed because it was cancelled. */
export function isCancelled(error: unknown): boolean {
  return error instanceof vscode.CancellationError || (isResponse(error) && error.code === -32800);
}

function isResponse(error: unknown): error is ResponseError<ErrorData | undefined> {
  return error instanceof Error && "code" in error && typeof error.code === "number";
}
