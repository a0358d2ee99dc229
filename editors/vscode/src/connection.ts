/** The language client: starts the server, sends it commands, hands on what it says, and starts it once more if it dies. */

import * as vscode from "vscode";
import { findServer, type ServerCommand } from "./discovery";
import type { LanguageClient, LanguageClientOptions, ResponseError, StaticFeature } from "./language_client";
import { SYNCED } from "./languages";
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
import { SECTION } from "./settings";

/** Why there is no server to ask; the message is for a person. */
export class NoServer extends Error {
  constructor(
    readonly kind: "untrusted" | "missing" | "failed",
    message: string,
  ) {
    super(message);
  }
}

/** What the server says by itself. */
export interface Listener {
  kernel(params: KernelNotification): void;
  run(params: RunNotification): void;
  output(params: OutputNotification): void;
  stdin(params: StdinRequest, token: vscode.CancellationToken): Promise<StdinAnswer | null>;
  /** The server has ended by itself; `again` when it is being started once more. */
  ended(again: boolean): void;
  /** The server runs; `again` after it has ended by itself. */
  started(again: boolean): Promise<void>;
}

type Library = typeof import("./language_client");

/** A server that ends sooner than this after it was started again is not started a third time. */
const STABLE_MS = 60_000;

export class Connection implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private starting: Promise<LanguageClient> | undefined;
  /** Whether the server has answered since it was last started. */
  private up = false;
  private restartedAt = Number.NEGATIVE_INFINITY;
  private disposed = false;
  private readonly emitter = new vscode.EventEmitter<void>();
  /** Fires when the server has started or ended. */
  readonly onState = this.emitter.event;

  constructor(
    readonly log: vscode.LogOutputChannel,
    private readonly listener: Listener,
  ) {}

  get running(): boolean {
    return this.client?.isRunning() ?? false;
  }

  /** Starts the server unless it runs, and waits for what has begun with it; raises NoServer. */
  start(): Promise<LanguageClient> {
    if (!this.starting && this.client?.isRunning()) return Promise.resolve(this.client);
    this.starting ??= this.launch().finally(() => {
      this.starting = undefined;
      this.emitter.fire();
    });
    return this.starting;
  }

  /** Stops the server and the kernels that end with it. */
  async stop(): Promise<void> {
    await this.starting?.catch(() => undefined); // whoever asked for the start was told
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

  /** Runs one of the server's commands, starting the server first. */
  async execute<K extends keyof Commands>(
    command: K,
    argument: Commands[K]["argument"],
    token?: vscode.CancellationToken,
  ): Promise<Commands[K]["result"]> {
    // What begins with the server asks it, too.
    const client = this.client?.isRunning() ? this.client : await this.start();
    const params = { command, arguments: [argument] };
    // A token that is undefined would count as a second parameter.
    const method = "workspace/executeCommand";
    return await (token ? client.sendRequest(method, params, token) : client.sendRequest(method, params));
  }

  private async launch(): Promise<LanguageClient> {
    if (!vscode.workspace.isTrusted) {
      throw new NoServer("untrusted", "this workspace is not trusted, so no kernel is started in it");
    }
    const found = await findServer();
    if (!found) throw new NoServer("missing", "kernel-bridge is not installed where this window can find it");
    // What is left of a server that ended by itself; that it cannot be stopped any more is no failure.
    await this.client?.dispose().catch((error: unknown) => this.log.debug(messageOf(error)));
    this.log.info(`starting ${[found.command, ...found.args].join(" ")} (from ${found.origin})`);
    const library = await import("./language_client"); // takes longer to load than all else
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
        `${found.command} (from ${found.origin}) did not start: ${messageOf(error)}`,
      );
    }
    await this.listener.started(false);
    return client;
  }

  private create(library: Library, server: ServerCommand): LanguageClient {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const cwd = folder?.scheme === "file" ? { cwd: folder.fsPath } : {};
    const options: LanguageClientOptions = {
      documentSelector: SYNCED,
      outputChannel: this.log,
      revealOutputChannelOn: library.RevealOutputChannelOn.Never, // what a person must know is said by whoever asked
      initializationOptions: () => vscode.workspace.getConfiguration(SECTION),
      initializationFailedHandler: () => false,
      progressOnInitialization: true,
      errorHandler: {
        error: (error) => {
          this.log.error(`the connection to the server: ${error.message}`);
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
    client.registerFeature(ours);
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
    if (!this.up) return { action: CloseAction.DoNotRestart, handled: true }; // whoever starts it says so
    const again = Date.now() - this.restartedAt > STABLE_MS && !this.disposed;
    this.up = false;
    this.log.error(`the server has ended by itself${again ? "; it is started once more" : ""}`);
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
      await this.client?.start(); // the one that CloseAction.Restart has begun
      this.up = true;
      await this.listener.started(true);
    } catch (error) {
      this.log.error(`the server was not started again: ${messageOf(error)}`);
      this.listener.ended(false);
    }
    this.emitter.fire();
  }
}

const ours: StaticFeature = {
  fillClientCapabilities(capabilities) {
    const kernelBridge: ClientCapabilities = { version: 1, output: true, stdin: true, blobs: "inline" };
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), kernelBridge };
  },
  getState: () => ({ kind: "static" }),
  initialize() {},
  clear() {},
};

/** What a command's error says to a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The data of a failed command; undefined for an error of another sort. */
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
