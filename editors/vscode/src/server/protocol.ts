// The types of the protocol, generated from docs/protocol.schema.json by editors/generate.py.

/** Another command and its argument, requested by the user. */
export interface ActParams {
  command: string;
  argument?: Record<string, unknown>;
}

/** The input that a run asked for. If null, the kernel is interrupted: the user cancelled. */
export interface AnswerInputParams {
  runId: string;
  value?: string;
}

/** Add `output` at the end of the list. */
export interface AppendChange {
  kind: "append";
  output: Output;
}

/** Attach by connection file (path, name or pattern) or id. By default, to the newest running kernel. */
export interface AttachKernelParams {
  connectionFile?: string;
  kernelId?: string;
  textDocument?: TextDocument;
}

/** The connection file is missing or invalid. The message names the key. */
export interface BadConnectionFileData {
  kind: "BadConnectionFile";
  remedy?: Remedy;
  /** The missing or invalid key. */
  key?: string;
}

export interface BindKernelParams {
  textDocument: TextDocument;
  kernelId: string | null;
}

/** A binary MIME value as a file that holds the decoded bytes. */
export interface BlobFile {
  uri: string;
  bytes: number;
}

export interface CancelRunResult {
  run: Run;
}

/** One change to the outputs that a client holds. Apply changes in order. */
export type Change = AppendChange | TextChange | LineChange | ReplaceChange | ClearChange | ElideChange;

/** Drop all outputs of the run. */
export interface ClearChange {
  kind: "clear";
}

/** `initialize.params.capabilities.experimental.kernelBridge`. Without it, only standard LSP is sent. */
export interface ClientCapabilities {
  version?: number;
  output?: boolean;
  stdin?: boolean;
  install?: boolean;
  blobs?: "file" | "inline";
}

/** Commands of `workspace/executeCommand`, each with its argument and result. */
export interface Commands {
  "kernel-bridge.listKernelSpecs": {
    argument: ListKernelSpecsParams;
    result: ListKernelSpecsResult;
  };
  "kernel-bridge.listKernels": {
    argument: Nothing;
    result: ListKernelsResult;
  };
  "kernel-bridge.startKernel": {
    argument: StartKernelParams;
    result: Kernel;
  };
  "kernel-bridge.installKernel": {
    argument: InstallKernelParams;
    result: InstallKernelResult;
  };
  "kernel-bridge.attachKernel": {
    argument: AttachKernelParams;
    result: Kernel;
  };
  "kernel-bridge.bindKernel": {
    argument: BindKernelParams;
    result: Nothing;
  };
  "kernel-bridge.run": {
    argument: RunParams;
    result: RunResult;
  };
  "kernel-bridge.cancelRun": {
    argument: RunRef;
    result: CancelRunResult;
  };
  "kernel-bridge.interruptKernel": {
    argument: KernelRef;
    result: InterruptKernelResult;
  };
  "kernel-bridge.restartKernel": {
    argument: KernelRef;
    result: Kernel;
  };
  "kernel-bridge.shutdownKernel": {
    argument: KernelRef;
    result: Nothing;
  };
  "kernel-bridge.detachKernel": {
    argument: KernelRef;
    result: Nothing;
  };
  "kernel-bridge.getRun": {
    argument: RunRef;
    result: GetRunResult;
  };
  "kernel-bridge.readOutput": {
    argument: ReadOutputParams;
    result: ReadOutputResult;
  };
  "kernel-bridge.history": {
    argument: HistoryParams;
    result: HistoryResult;
  };
  "kernel-bridge.results": {
    argument: ResultsParams;
    result: ResultsResult;
  };
  "kernel-bridge.openNotebook": {
    argument: OpenNotebookParams;
    result: OpenNotebookResult;
  };
  "kernel-bridge.export": {
    argument: ExportParams;
    result: ExportResult;
  };
  "kernel-bridge.showOutput": {
    argument: ShowOutputParams;
    result: ShowOutputResult;
  };
  "kernel-bridge.insertNextInput": {
    argument: RunRef;
    result: InsertNextInputResult;
  };
  "kernel-bridge.answerInput": {
    argument: AnswerInputParams;
    result: Nothing;
  };
  "kernel-bridge.act": {
    argument: ActParams;
    result: Nothing;
  };
}

/** A displayed value. */
export interface DisplayData {
  output_type: "display_data";
  data: MimeBundle;
  metadata: Record<string, unknown>;
}

/** The client has not opened the document. */
export interface DocumentNotOpenData {
  kind: "DocumentNotOpen";
  remedy?: Remedy;
}

/** Mark the stream output at `index` as over the budget. Replaces its previous `elide`. */
export interface ElideChange {
  kind: "elide";
  index: number;
  omitted: number;
  tail: string;
  lines: number;
}

/** The part of a stream output that is over the budget. */
export interface Elided {
  lines?: number;
  omitted: number;
  tail: string;
}

/** The data of an error with code -32803. */
export type ErrorData = UntrustedData | DocumentNotOpenData | NothingToRunData | NotInsertedData | KernelLaunchFailedData | KernelNotReadyData | KernelRequiredData | InstallFailedData | NoSuchKernelSpecData | NoSuchKernelData | KernelDeadData | KernelUnreachableData | BadConnectionFileData | NotOursData | HistoryDisabledData | NoSuchRunData | ExportExistsData | ExportFailedData | FileChangedData | NothingToExportData;

/** Why a command failed (code -32803). */
export type ErrorKind = "Untrusted" | "DocumentNotOpen" | "NothingToRun" | "NotInserted" | "KernelLaunchFailed" | "KernelNotReady" | "KernelRequired" | "InstallFailed" | "NoSuchKernelSpec" | "NoSuchKernel" | "KernelDead" | "KernelUnreachable" | "BadConnectionFile" | "NotOurs" | "HistoryDisabled" | "NoSuchRun" | "ExportExists" | "ExportFailed" | "FileChanged" | "NothingToExport";

/** An exception that the code raised. */
export interface ErrorOutput {
  output_type: "error";
  ename: string;
  evalue: string;
  traceback: string[];
}

/** The value of the last expression. */
export interface ExecuteResult {
  output_type: "execute_result";
  data: MimeBundle;
  metadata: Record<string, unknown>;
  execution_count?: number | null;
}

/** The file exists and `overwrite` is not set. */
export interface ExportExistsData {
  kind: "ExportExists";
  remedy?: Remedy;
  /** The path of the file. */
  path: string;
}

/** The notebook could not be created or written. */
export interface ExportFailedData {
  kind: "ExportFailed";
  remedy?: Remedy;
  /** The path of the file. */
  path?: string;
  /** Why the export failed. */
  reason?: string;
}

/** The format of an exported file. */
export type ExportFormat = "ipynb" | "py" | "md" | "html";

/** Where the pictures of a Markdown export are: in files beside it, or in its text. */
export type ExportMedia = "files" | "inline";

/** The cells of an export: runs, or the cells of a document. */
export type ExportMode = "runs" | "document";

/** The runs to export (by kernel, document, time or id; default: the whole history) and the target. Mode "document" writes the cells of `textDocument` instead, each with the outputs of its newest run. `digest` is that of the notebook to write into as the client knows it, such as the document's own. */
export interface ExportParams {
  path: string;
  format?: ExportFormat;
  mode?: ExportMode;
  media?: ExportMedia;
  kernelId?: string;
  textDocument?: TextDocument;
  runIds?: string[];
  since?: string;
  until?: string;
  overwrite?: boolean;
  digest?: string;
}

export interface ExportResult {
  path: string;
  cells: number;
  format: ExportFormat;
  digest?: string;
}

/** Which parts of standard LSP are served. `"auto"`: on, unless the client set `output: true`. */
export interface FeatureSettings {
  /** Code actions to run code, control kernels, and show or export results. */
  codeActions?: boolean;
  /** Run, run above and interrupt, above each cell. */
  codeLenses?: boolean | "auto";
  /** The result, after the last line of a run. */
  inlayHints?: boolean | "auto";
  /** Errors, at the lines that raised them. */
  diagnostics?: boolean | "auto";
  /** The outputs of a run, and the kernel's documentation of a name. */
  hover?: boolean;
  /** Completions from the kernel. */
  completion?: boolean;
  /** Signatures of functions, from the kernel. */
  signatureHelp?: boolean;
  /** Progress of starting kernels, and of runs that take longer than 2 seconds. */
  progress?: boolean | "auto";
  /** Messages when a kernel dies or code asks for input; results if there are no inlay hints. */
  messages?: boolean | "auto";
  /** Answer `input()` with a code action if the client does not handle `kernel-bridge/stdin`. */
  input?: boolean;
  /** Cells as document symbols. */
  symbols?: boolean;
  /** Cells as folding ranges. */
  folding?: boolean;
  /** Expand the selection to the statement and the cell. */
  selectionRanges?: boolean;
}

/** Another program changed or removed the notebook that the export would write back. */
export interface FileChangedData {
  kind: "FileChanged";
  remedy?: Remedy;
  /** The path of the file. */
  path: string;
}

export interface GetRunResult {
  run: Run;
  seq: number;
}

/** The command needs the history, which is disabled or unusable. */
export interface HistoryDisabledData {
  kind: "HistoryDisabled";
  remedy?: Remedy;
}

/** Filters. `before` is a run id: only older runs match. `text` is part of the source, ignoring case. `since` and `until` (exclusive) compare with the start of a run, or with `queuedAt` if it never started. */
export interface HistoryParams {
  kernelId?: string;
  textDocument?: TextDocument;
  text?: string;
  states?: RunState[];
  since?: string;
  until?: string;
  limit?: number;
  before?: string;
}

export interface HistoryResult {
  runs: Run[];
}

/** Where the history of runs is kept, and how large it may grow. */
export interface HistorySettings {
  /** Keep runs and their outputs. */
  enabled?: boolean;
  /** The database file; null: `history.db` in the user data folder. Ignored while `trusted` is false. Symbolic links are followed. The server does not touch a file of another program, or anything other than a regular file. If it cannot use the file, it warns once, and runs continue without a history. */
  path?: string | null;
  /** Size limit in bytes. Above it the oldest runs are deleted, except those of kernels in use. */
  maxBytes?: number;
}

export interface InsertNextInputResult {
  uri: string;
}

/** ipykernel was not installed. The message has the last lines that the installer wrote. */
export interface InstallFailedData {
  kind: "InstallFailed";
  remedy?: Remedy;
  /** The command that failed; empty if none was run. */
  command: string[];
  /** What all commands wrote. */
  output: string;
  /** Its exit code; negative: a signal. */
  exitCode?: number;
  /** A shell command that fixes the problem, if one exists. */
  hint?: string;
}

/** Install ipykernel into the environment of an interpreter. */
export interface InstallKernelParams {
  python: string;
}

export interface InstallKernelResult {
  python: string;
  command: string[];
  output: string;
}

export interface InterruptKernelResult {
  outcome: InterruptOutcome;
}

/** The outcome of an interrupt. */
export type InterruptOutcome = "interrupted" | "ignored" | "died";

/** A kernel that the bridge follows or has found running. */
export interface Kernel {
  id: string;
  epoch: number;
  name: string;
  displayName: string;
  language: string;
  state: KernelState;
  origin: KernelOrigin;
  keepAlive: boolean;
  transport: Transport;
  queued: number;
  cwd?: string;
  reason?: string;
  connectionFile?: string;
  server?: string;
  pid?: number;
  protocolVersion?: string;
  implementation?: string;
  implementationVersion?: string;
  languageInfo?: Record<string, unknown>;
  supports?: string[];
  documents?: string[];
  startedAt?: string;
  owner?: Owner;
  recorded?: boolean;
}

/** The kernel has ended. The message names the reason. */
export interface KernelDeadData {
  kind: "KernelDead";
  remedy?: Remedy;
}

/** What makes an environment usable: ipykernel, installed by the tool that manages the environment. */
export interface KernelInstall {
  python: string;
  command: string;
}

/** The kernel's process could not be started, or ended immediately. */
export interface KernelLaunchFailedData {
  kind: "KernelLaunchFailed";
  remedy?: Remedy;
  /** The tail of the kernel's stderr. */
  stderr: string;
  /** The exit code of the kernel's process; negative: a signal. */
  exitCode?: number;
  /** A shell command that fixes the problem, if one exists. */
  hint?: string;
}

/** The kernel's process did not respond within readyTimeout, and was ended. */
export interface KernelNotReadyData {
  kind: "KernelNotReady";
  remedy?: Remedy;
  /** The tail of the kernel's stderr. */
  stderr: string;
}

/** kernel-bridge/kernel: a kernel changed its state, epoch or queue length. */
export interface KernelNotification {
  kernel: Kernel;
}

/** How the bridge knows a kernel; found: listed, not followed. */
export type KernelOrigin = "started" | "attached" | "found";

/** A project that brings a kernel for a language. */
export interface KernelPackage {
  name: string;
  command: string;
}

/** A kernel: that id, or the one that `textDocument` has for the code at `position`. */
export interface KernelRef {
  kernelId?: string;
  textDocument?: TextDocument;
  position?: Position;
}

/** A run needs a kernel and has none. */
export interface KernelRequiredData {
  kind: "KernelRequired";
  remedy?: Remedy;
  /** The kernels that can be started, the best first. */
  specs: KernelSpec[];
  package?: KernelPackage;
  install?: KernelInstall;
}

/** A kernel that can be started: an installed kernelspec, or an interpreter that has none. */
export interface KernelSpec {
  name: string;
  displayName: string;
  language: string;
  argv: string[];
  interruptMode: "message" | "signal";
  source: "environment" | "kernelspec";
  usable: boolean;
  resourceDir?: string;
  metadata?: Record<string, unknown>;
  python?: string;
  problem?: string;
  install?: KernelInstall;
  reason?: string;
  fits?: boolean;
}

/** What a kernel is doing. */
export type KernelState = "starting" | "idle" | "busy" | "restarting" | "dead" | "unreachable";

/** The kernel does not respond. */
export interface KernelUnreachableData {
  kind: "KernelUnreachable";
  remedy?: Remedy;
}

/** Replace the text after the last newline of the stream output at `index`. */
export interface LineChange {
  kind: "line";
  index: number;
  text: string;
}

export interface ListKernelSpecsParams {
  textDocument?: TextDocument;
  position?: Position;
}

export interface ListKernelSpecsResult {
  specs: KernelSpec[];
  package?: KernelPackage;
}

export interface ListKernelsResult {
  kernels: Kernel[];
}

/** MIME type -> its value: text, base64, JSON for JSON types, or a BlobFile if the client asked for blobs: "file". */
export type MimeBundle = Record<string, unknown>;

/** No kernel has that id, or none is bound to the document. */
export interface NoSuchKernelData {
  kind: "NoSuchKernel";
  remedy?: Remedy;
}

/** No kernelspec has that name. The message lists the available ones. */
export interface NoSuchKernelSpecData {
  kind: "NoSuchKernelSpec";
  remedy?: Remedy;
  /** The kernels that can be started, the best first. */
  specs: KernelSpec[];
}

/** No run has that id, in memory or in the history. */
export interface NoSuchRunData {
  kind: "NoSuchRun";
  remedy?: Remedy;
}

/** The kernel's proposal was not inserted: there is none, or no place for it, or the editor refused. */
export interface NotInsertedData {
  kind: "NotInserted";
  remedy?: Remedy;
}

/** Another program started the kernel, and only that program can restart it. */
export interface NotOursData {
  kind: "NotOurs";
  remedy?: Remedy;
}

/** The empty object. */
export interface Nothing {

}

/** No matching run was executed. */
export interface NothingToExportData {
  kind: "NothingToExport";
  remedy?: Remedy;
}

/** The region holds no code. */
export interface NothingToRunData {
  kind: "NothingToRun";
  remedy?: Remedy;
}

/** Notifications from the server, each with its params. */
export interface Notifications {
  "kernel-bridge/kernel": KernelNotification;
  "kernel-bridge/run": RunNotification;
  "kernel-bridge/output": OutputNotification;
}

/** The notebook file to show as text: with percent cells ("py"), or as Markdown with fences ("md"). */
export interface OpenNotebookParams {
  path: string;
  format?: "md" | "py";
}

export interface OpenNotebookResult {
  text: string;
  languageId: string;
  digest: string;
}

/** An nbformat 4.5 output with text as one string. */
export type Output = StreamOutput | DisplayData | ExecuteResult | ErrorOutput;

/** kernel-bridge/output: the outputs of a run changed. `seq` counts 1, 2, 3, … for each run. */
export interface OutputNotification {
  runId: string;
  kernelId: string;
  seq: number;
  changes: Change[];
}

/** The program that uses a kernel through a kernel-bridge: an editor or a terminal. */
export interface Owner {
  name: string;
  pid: number;
}

/** LSP position; `character` counts in the negotiated position encoding. */
export interface Position {
  line: number;
  character: number;
}

/** LSP range, end exclusive. */
export interface Range {
  start: Position;
  end: Position;
}

/** A slice of one stream output; `start` and `length` count characters (code points). */
export interface ReadOutputParams {
  runId: string;
  index: number;
  start: number;
  length: number;
}

export interface ReadOutputResult {
  text: string;
  total: number;
}

/** The advice for an error. */
export type Remedy = "attachKernel" | "chooseKernel" | "chooseKernelSpec" | "installKernel" | "listRuns" | "overwrite" | "restartKernel" | "shutDownKernel" | "startKernel" | "writeBack";

/** Replace the output at `index`. */
export interface ReplaceChange {
  kind: "replace";
  index: number;
  output: Output;
}

/** Requests from the server, each with its params and result; null: the user cancelled. */
export interface Requests {
  "kernel-bridge/stdin": {
    params: StdinRequest;
    result: StdinAnswer | null;
  };
}

/** The error of a failed request. Its message names what failed, the value, and what to do. */
export interface ResponseError {
  code: number;
  message: string;
  data?: ErrorData;
}

/** The newest run of a place in a document. */
export interface Result {
  run: Run;
  seq: number;
  range: Range;
  stale: boolean;
}

/** An open document. `path`: take the outputs from this notebook file instead of the runs. */
export interface ResultsParams {
  textDocument: TextDocument;
  path?: string;
}

export interface ResultsResult {
  results: Result[];
}

/** One execution of a piece of source on a kernel. */
export interface Run {
  id: string;
  kernelId: string;
  epoch: number;
  source: string;
  origin: "bridge" | "other";
  state: RunState;
  queuedAt: string;
  summary?: Summary;
  textDocument?: TextDocument;
  range?: Range;
  unit?: Unit;
  notebookDocument?: TextDocument;
  cellId?: string;
  executionCount?: number;
  startedAt?: string;
  endedAt?: string;
  error?: RunError;
  reason?: string;
  nextInput?: string;
  nextInputReplaces?: boolean;
  interrupted?: boolean;
  degraded?: boolean;
  lostMessages?: number;
  missingBytes?: number;
  detached?: boolean;
  outputs?: Output[];
}

/** The exception that a run raised. */
export interface RunError {
  ename: string;
  evalue: string;
  traceback: string[];
  line?: number;
  hint?: string;
}

/** kernel-bridge/run: a run changed its state. Never has outputs. */
export interface RunNotification {
  run: Run;
}

/** Run a `unit` or `range` of `textDocument`, or the given `code`. */
export interface RunParams {
  unit?: Unit;
  textDocument?: TextDocument;
  range?: Range;
  position?: Position;
  code?: string;
  cells?: string[];
  kernelId?: string;
  wait?: boolean;
  storeHistory?: boolean;
  silent?: boolean;
  stopOnError?: boolean;
  allowStdin?: boolean;
}

export interface RunRef {
  runId: string;
}

export interface RunResult {
  runs: Run[];
}

/** The state of a run: queued, running, or one of five ends. */
export type RunState = "queued" | "running" | "ok" | "error" | "aborted" | "cancelled" | "lost";

/** The server's settings; every field has a default. */
export interface Settings {
  /** Start a kernel when a run needs one. */
  autoStart?: boolean;
  /** The kernelspec to start for each language, by language id. */
  defaultKernels?: Record<string, string>;
  /** The folder in which kernels start: absolute, from `~`, or relative to the workspace root; `.` is the root itself. Empty: the document's folder. */
  workingFolder?: string;
  /** How to reach kernels on this machine: by private Unix sockets or by TCP. The server falls back to TCP if the platform or the kernel has no ipc; on Windows it is always TCP. */
  transport?: "ipc" | "tcp";
  /** Keep kernels running after the server exits. */
  keepAlive?: boolean;
  /** Seconds after which a kept kernel ends if it runs nothing and no program follows it; 0: never. */
  keepAliveIdle?: number;
  /** Seconds that a new kernel may take to become ready. */
  readyTimeout?: number;
  /** How long stream output may wait, to be sent together with later output. */
  coalesceMilliseconds?: number;
  /** Limit in bytes for the stream text in a run's live outputs. The history keeps the rest. */
  outputBudget?: number;
  history?: HistorySettings;
  /** Allow attaching to kernels on other machines by plain, unencrypted TCP. */
  remoteTcp?: boolean;
  /** If false, kernels are listed, but none is started or attached and no code runs. */
  trusted?: boolean;
  features?: FeatureSettings;
}

/** Show the output at `index` as an image or page. Without `index`, show all text of the run. */
export interface ShowOutputParams {
  runId: string;
  index?: number;
}

export interface ShowOutputResult {
  uri: string;
  shown: boolean;
}

/** Start `spec` (a kernelspec's name), `python` (an interpreter) or the best kernel for the document. */
export interface StartKernelParams {
  spec?: string;
  python?: string;
  textDocument?: TextDocument;
  position?: Position;
  cwd?: string;
  env?: Record<string, string>;
  extraArguments?: string[];
  transport?: "ipc" | "tcp";
  keepAlive?: boolean;
  readyTimeout?: number;
}

/** The client's response to kernel-bridge/stdin. It is null if the user cancelled. */
export interface StdinAnswer {
  value: string;
}

/** kernel-bridge/stdin, a request to the client. */
export interface StdinRequest {
  runId: string;
  kernelId: string;
  prompt: string;
  password: boolean;
}

/** Text on stdout or stderr. */
export interface StreamOutput {
  output_type: "stream";
  name: string;
  text: string;
  elided?: Elided;
}

/** A run in one line, for display. */
export interface Summary {
  text: string;
  state: string;
  duration?: string;
}

/** Append `text` to the stream output at `index`. */
export interface TextChange {
  kind: "text";
  index: number;
  text: string;
}

/** The document that a command refers to. */
export interface TextDocument {
  uri: string;
  version?: number;
}

/** How the bridge reaches a kernel. */
export type Transport = "ipc" | "tcp" | "websocket";

/** The part of a document to run. */
export type Unit = "range" | "line" | "statement" | "cell" | "above" | "below" | "all";

/** The workspace is not trusted, so nothing is started, attached or run. */
export interface UntrustedData {
  kind: "Untrusted";
  remedy?: Remedy;
}
