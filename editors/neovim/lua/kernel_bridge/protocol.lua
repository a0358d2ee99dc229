---@meta kernel_bridge.protocol
-- The types of the protocol, generated from docs/protocol.schema.json by editors/generate.py.

--- Another command and its argument, requested by the user.
---@class kernel_bridge.ActParams
---@field command string
---@field argument? table<string, any>

--- The input that a run asked for. If null, the kernel is interrupted: the user cancelled.
---@class kernel_bridge.AnswerInputParams
---@field runId string
---@field value? string

--- Add `output` at the end of the list.
---@class kernel_bridge.AppendChange
---@field kind "append"
---@field output kernel_bridge.Output

--- Attach by connection file (path, name or pattern) or id. By default, to the newest running kernel.
---@class kernel_bridge.AttachKernelParams
---@field connectionFile? string
---@field kernelId? string
---@field textDocument? kernel_bridge.TextDocument

--- The connection file is missing or invalid. The message names the key.
---@class kernel_bridge.BadConnectionFileData
---@field kind "BadConnectionFile"
---@field remedy? kernel_bridge.Remedy
---@field key? string The missing or invalid key.

---@class kernel_bridge.BindKernelParams
---@field textDocument kernel_bridge.TextDocument
---@field kernelId string|nil

--- A binary MIME value as a file that holds the decoded bytes.
---@class kernel_bridge.BlobFile
---@field uri string
---@field bytes integer

---@class kernel_bridge.CancelRunResult
---@field run kernel_bridge.Run

--- One change to the outputs that a client holds. Apply changes in order.
---@alias kernel_bridge.Change kernel_bridge.AppendChange|kernel_bridge.TextChange|kernel_bridge.LineChange|kernel_bridge.ReplaceChange|kernel_bridge.ClearChange|kernel_bridge.ElideChange

--- Drop all outputs of the run.
---@class kernel_bridge.ClearChange
---@field kind "clear"

--- `initialize.params.capabilities.experimental.kernelBridge`. Without it, only standard LSP is sent.
---@class kernel_bridge.ClientCapabilities
---@field version? integer
---@field output? boolean
---@field stdin? boolean
---@field install? boolean
---@field blobs? "file"|"inline"

--- Commands of `workspace/executeCommand`, each with its argument and result.
---@class kernel_bridge.Commands
---@field ["kernel-bridge.listKernelSpecs"] { argument: kernel_bridge.ListKernelSpecsParams, result: kernel_bridge.ListKernelSpecsResult }
---@field ["kernel-bridge.listKernels"] { argument: kernel_bridge.Nothing, result: kernel_bridge.ListKernelsResult }
---@field ["kernel-bridge.startKernel"] { argument: kernel_bridge.StartKernelParams, result: kernel_bridge.Kernel }
---@field ["kernel-bridge.installKernel"] { argument: kernel_bridge.InstallKernelParams, result: kernel_bridge.InstallKernelResult }
---@field ["kernel-bridge.attachKernel"] { argument: kernel_bridge.AttachKernelParams, result: kernel_bridge.Kernel }
---@field ["kernel-bridge.bindKernel"] { argument: kernel_bridge.BindKernelParams, result: kernel_bridge.Nothing }
---@field ["kernel-bridge.run"] { argument: kernel_bridge.RunParams, result: kernel_bridge.RunResult }
---@field ["kernel-bridge.cancelRun"] { argument: kernel_bridge.RunRef, result: kernel_bridge.CancelRunResult }
---@field ["kernel-bridge.interruptKernel"] { argument: kernel_bridge.KernelRef, result: kernel_bridge.InterruptKernelResult }
---@field ["kernel-bridge.restartKernel"] { argument: kernel_bridge.KernelRef, result: kernel_bridge.Kernel }
---@field ["kernel-bridge.shutdownKernel"] { argument: kernel_bridge.KernelRef, result: kernel_bridge.Nothing }
---@field ["kernel-bridge.detachKernel"] { argument: kernel_bridge.KernelRef, result: kernel_bridge.Nothing }
---@field ["kernel-bridge.getRun"] { argument: kernel_bridge.RunRef, result: kernel_bridge.GetRunResult }
---@field ["kernel-bridge.readOutput"] { argument: kernel_bridge.ReadOutputParams, result: kernel_bridge.ReadOutputResult }
---@field ["kernel-bridge.history"] { argument: kernel_bridge.HistoryParams, result: kernel_bridge.HistoryResult }
---@field ["kernel-bridge.results"] { argument: kernel_bridge.ResultsParams, result: kernel_bridge.ResultsResult }
---@field ["kernel-bridge.openNotebook"] { argument: kernel_bridge.OpenNotebookParams, result: kernel_bridge.OpenNotebookResult }
---@field ["kernel-bridge.export"] { argument: kernel_bridge.ExportParams, result: kernel_bridge.ExportResult }
---@field ["kernel-bridge.showOutput"] { argument: kernel_bridge.ShowOutputParams, result: kernel_bridge.ShowOutputResult }
---@field ["kernel-bridge.insertNextInput"] { argument: kernel_bridge.RunRef, result: kernel_bridge.InsertNextInputResult }
---@field ["kernel-bridge.answerInput"] { argument: kernel_bridge.AnswerInputParams, result: kernel_bridge.Nothing }
---@field ["kernel-bridge.act"] { argument: kernel_bridge.ActParams, result: kernel_bridge.Nothing }

--- A displayed value.
---@class kernel_bridge.DisplayData
---@field output_type "display_data"
---@field data kernel_bridge.MimeBundle
---@field metadata table<string, any>

--- The client has not opened the document.
---@class kernel_bridge.DocumentNotOpenData
---@field kind "DocumentNotOpen"
---@field remedy? kernel_bridge.Remedy

--- Mark the stream output at `index` as over the budget. Replaces its previous `elide`.
---@class kernel_bridge.ElideChange
---@field kind "elide"
---@field index integer
---@field omitted integer
---@field tail string
---@field lines integer

--- The part of a stream output that is over the budget.
---@class kernel_bridge.Elided
---@field lines? integer
---@field omitted integer
---@field tail string

--- The data of an error with code -32803.
---@alias kernel_bridge.ErrorData kernel_bridge.UntrustedData|kernel_bridge.DocumentNotOpenData|kernel_bridge.NothingToRunData|kernel_bridge.NotInsertedData|kernel_bridge.KernelLaunchFailedData|kernel_bridge.KernelNotReadyData|kernel_bridge.KernelRequiredData|kernel_bridge.InstallFailedData|kernel_bridge.NoSuchKernelSpecData|kernel_bridge.NoSuchKernelData|kernel_bridge.KernelDeadData|kernel_bridge.KernelUnreachableData|kernel_bridge.BadConnectionFileData|kernel_bridge.NotOursData|kernel_bridge.HistoryDisabledData|kernel_bridge.NoSuchRunData|kernel_bridge.ExportExistsData|kernel_bridge.ExportFailedData|kernel_bridge.FileChangedData|kernel_bridge.NothingToExportData

--- Why a command failed (code -32803).
---@alias kernel_bridge.ErrorKind "Untrusted"|"DocumentNotOpen"|"NothingToRun"|"NotInserted"|"KernelLaunchFailed"|"KernelNotReady"|"KernelRequired"|"InstallFailed"|"NoSuchKernelSpec"|"NoSuchKernel"|"KernelDead"|"KernelUnreachable"|"BadConnectionFile"|"NotOurs"|"HistoryDisabled"|"NoSuchRun"|"ExportExists"|"ExportFailed"|"FileChanged"|"NothingToExport"

--- An exception that the code raised.
---@class kernel_bridge.ErrorOutput
---@field output_type "error"
---@field ename string
---@field evalue string
---@field traceback string[]

--- The value of the last expression.
---@class kernel_bridge.ExecuteResult
---@field output_type "execute_result"
---@field data kernel_bridge.MimeBundle
---@field metadata table<string, any>
---@field execution_count? integer|nil

--- The file exists and `overwrite` is not set.
---@class kernel_bridge.ExportExistsData
---@field kind "ExportExists"
---@field remedy? kernel_bridge.Remedy
---@field path string The path of the file.

--- The notebook could not be created or written.
---@class kernel_bridge.ExportFailedData
---@field kind "ExportFailed"
---@field remedy? kernel_bridge.Remedy
---@field path? string The path of the file.
---@field reason? string Why the export failed.

--- The format of an exported file.
---@alias kernel_bridge.ExportFormat "ipynb"|"py"|"md"|"html"

--- Where the pictures of a Markdown export are: in files beside it, or in its text.
---@alias kernel_bridge.ExportMedia "files"|"inline"

--- The cells of an export: runs, or the cells of a document.
---@alias kernel_bridge.ExportMode "runs"|"document"

--- The runs to export (by kernel, document, time or id; default: the whole history) and the target.
--- Mode "document" writes the cells of `textDocument` instead, each with the outputs of its newest run.
--- `digest` is that of the notebook to write into as the client knows it, such as the document's own.
---@class kernel_bridge.ExportParams
---@field path string
---@field format? kernel_bridge.ExportFormat
---@field mode? kernel_bridge.ExportMode
---@field media? kernel_bridge.ExportMedia
---@field kernelId? string
---@field textDocument? kernel_bridge.TextDocument
---@field runIds? string[]
---@field since? string
---@field ["until"]? string
---@field overwrite? boolean
---@field digest? string

---@class kernel_bridge.ExportResult
---@field path string
---@field cells integer
---@field format kernel_bridge.ExportFormat
---@field digest? string

--- Which parts of standard LSP are served. `"auto"`: on, unless the client set `output: true`.
---@class kernel_bridge.FeatureSettings
---@field codeActions? boolean Code actions to run code, control kernels, and show or export results.
---@field codeLenses? boolean|"auto" Run, run above and interrupt, above each cell.
---@field inlayHints? boolean|"auto" The result, after the last line of a run.
---@field diagnostics? boolean|"auto" Errors, at the lines that raised them.
---@field hover? boolean The outputs of a run, and the kernel's documentation of a name.
---@field completion? boolean Completions from the kernel.
---@field signatureHelp? boolean Signatures of functions, from the kernel.
---@field progress? boolean|"auto" Progress of starting kernels, and of runs that take longer than 2 seconds.
---@field messages? boolean|"auto" Messages when a kernel dies or code asks for input; results if there are no inlay hints.
---@field input? boolean Answer `input()` with a code action if the client does not handle `kernel-bridge/stdin`.
---@field symbols? boolean Cells as document symbols.
---@field folding? boolean Cells as folding ranges.
---@field selectionRanges? boolean Expand the selection to the statement and the cell.

--- Another program changed or removed the notebook that the export would write back.
---@class kernel_bridge.FileChangedData
---@field kind "FileChanged"
---@field remedy? kernel_bridge.Remedy
---@field path string The path of the file.

---@class kernel_bridge.GetRunResult
---@field run kernel_bridge.Run
---@field seq integer

--- The command needs the history, which is disabled or unusable.
---@class kernel_bridge.HistoryDisabledData
---@field kind "HistoryDisabled"
---@field remedy? kernel_bridge.Remedy

--- Filters. `before` is a run id: only older runs match. `text` is part of the source, ignoring case.
--- `since` and `until` (exclusive) compare with the start of a run, or with `queuedAt` if it never started.
---@class kernel_bridge.HistoryParams
---@field kernelId? string
---@field textDocument? kernel_bridge.TextDocument
---@field text? string
---@field states? kernel_bridge.RunState[]
---@field since? string
---@field ["until"]? string
---@field limit? integer
---@field before? string

---@class kernel_bridge.HistoryResult
---@field runs kernel_bridge.Run[]

--- Where the history of runs is kept, and how large it may grow.
---@class kernel_bridge.HistorySettings
---@field enabled? boolean Keep runs and their outputs.
---@field path? string|nil The database file; null: `history.db` in the user data folder. Ignored while `trusted` is false. Symbolic links are followed. The server does not touch a file of another program, or anything other than a regular file. If it cannot use the file, it warns once, and runs continue without a history.
---@field maxBytes? integer Size limit in bytes. Above it the oldest runs are deleted, except those of kernels in use.

---@class kernel_bridge.InsertNextInputResult
---@field uri string

--- ipykernel was not installed. The message has the last lines that the installer wrote.
---@class kernel_bridge.InstallFailedData
---@field kind "InstallFailed"
---@field remedy? kernel_bridge.Remedy
---@field command string[] The command that failed; empty if none was run.
---@field output string What all commands wrote.
---@field exitCode? integer Its exit code; negative: a signal.
---@field hint? string A shell command that fixes the problem, if one exists.

--- Install ipykernel into the environment of an interpreter.
---@class kernel_bridge.InstallKernelParams
---@field python string

---@class kernel_bridge.InstallKernelResult
---@field python string
---@field command string[]
---@field output string

---@class kernel_bridge.InterruptKernelResult
---@field outcome kernel_bridge.InterruptOutcome

--- The outcome of an interrupt.
---@alias kernel_bridge.InterruptOutcome "interrupted"|"ignored"|"died"

--- A kernel that the bridge follows or has found running.
---@class kernel_bridge.Kernel
---@field id string
---@field epoch integer
---@field name string
---@field displayName string
---@field language string
---@field state kernel_bridge.KernelState
---@field origin kernel_bridge.KernelOrigin
---@field keepAlive boolean
---@field transport kernel_bridge.Transport
---@field queued integer
---@field cwd? string
---@field reason? string
---@field connectionFile? string
---@field server? string
---@field pid? integer
---@field protocolVersion? string
---@field implementation? string
---@field implementationVersion? string
---@field languageInfo? table<string, any>
---@field supports? string[]
---@field documents? string[]
---@field startedAt? string
---@field owner? kernel_bridge.Owner
---@field recorded? boolean

--- The kernel has ended. The message names the reason.
---@class kernel_bridge.KernelDeadData
---@field kind "KernelDead"
---@field remedy? kernel_bridge.Remedy

--- What makes an environment usable: ipykernel, installed by the tool that manages the environment.
---@class kernel_bridge.KernelInstall
---@field python string
---@field command string

--- The kernel's process could not be started, or ended immediately.
---@class kernel_bridge.KernelLaunchFailedData
---@field kind "KernelLaunchFailed"
---@field remedy? kernel_bridge.Remedy
---@field stderr string The tail of the kernel's stderr.
---@field exitCode? integer The exit code of the kernel's process; negative: a signal.
---@field hint? string A shell command that fixes the problem, if one exists.

--- The kernel's process did not respond within readyTimeout, and was ended.
---@class kernel_bridge.KernelNotReadyData
---@field kind "KernelNotReady"
---@field remedy? kernel_bridge.Remedy
---@field stderr string The tail of the kernel's stderr.

--- kernel-bridge/kernel: a kernel changed its state, epoch or queue length.
---@class kernel_bridge.KernelNotification
---@field kernel kernel_bridge.Kernel

--- How the bridge knows a kernel; found: listed, not followed.
---@alias kernel_bridge.KernelOrigin "started"|"attached"|"found"

--- A project that brings a kernel for a language.
---@class kernel_bridge.KernelPackage
---@field name string
---@field command string

--- A kernel: that id, or the one that `textDocument` has for the code at `position`.
---@class kernel_bridge.KernelRef
---@field kernelId? string
---@field textDocument? kernel_bridge.TextDocument
---@field position? kernel_bridge.Position

--- A run needs a kernel and has none.
---@class kernel_bridge.KernelRequiredData
---@field kind "KernelRequired"
---@field remedy? kernel_bridge.Remedy
---@field specs kernel_bridge.KernelSpec[] The kernels that can be started, the best first.
---@field package? kernel_bridge.KernelPackage
---@field install? kernel_bridge.KernelInstall

--- A kernel that can be started: an installed kernelspec, or an interpreter that has none.
---@class kernel_bridge.KernelSpec
---@field name string
---@field displayName string
---@field language string
---@field argv string[]
---@field interruptMode "message"|"signal"
---@field source "environment"|"kernelspec"
---@field usable boolean
---@field resourceDir? string
---@field metadata? table<string, any>
---@field python? string
---@field problem? string
---@field install? kernel_bridge.KernelInstall
---@field reason? string
---@field fits? boolean

--- What a kernel is doing.
---@alias kernel_bridge.KernelState "starting"|"idle"|"busy"|"restarting"|"dead"|"unreachable"

--- The kernel does not respond.
---@class kernel_bridge.KernelUnreachableData
---@field kind "KernelUnreachable"
---@field remedy? kernel_bridge.Remedy

--- Replace the text after the last newline of the stream output at `index`.
---@class kernel_bridge.LineChange
---@field kind "line"
---@field index integer
---@field text string

---@class kernel_bridge.ListKernelSpecsParams
---@field textDocument? kernel_bridge.TextDocument
---@field position? kernel_bridge.Position

---@class kernel_bridge.ListKernelSpecsResult
---@field specs kernel_bridge.KernelSpec[]
---@field package? kernel_bridge.KernelPackage

---@class kernel_bridge.ListKernelsResult
---@field kernels kernel_bridge.Kernel[]

--- MIME type -> its value: text, base64, JSON for JSON types, or a BlobFile if the client asked for blobs: "file".
---@alias kernel_bridge.MimeBundle table<string, any>

--- No kernel has that id, or none is bound to the document.
---@class kernel_bridge.NoSuchKernelData
---@field kind "NoSuchKernel"
---@field remedy? kernel_bridge.Remedy

--- No kernelspec has that name. The message lists the available ones.
---@class kernel_bridge.NoSuchKernelSpecData
---@field kind "NoSuchKernelSpec"
---@field remedy? kernel_bridge.Remedy
---@field specs kernel_bridge.KernelSpec[] The kernels that can be started, the best first.

--- No run has that id, in memory or in the history.
---@class kernel_bridge.NoSuchRunData
---@field kind "NoSuchRun"
---@field remedy? kernel_bridge.Remedy

--- The kernel's proposal was not inserted: there is none, or no place for it, or the editor refused.
---@class kernel_bridge.NotInsertedData
---@field kind "NotInserted"
---@field remedy? kernel_bridge.Remedy

--- Another program started the kernel, and only that program can restart it.
---@class kernel_bridge.NotOursData
---@field kind "NotOurs"
---@field remedy? kernel_bridge.Remedy

--- The empty object.
---@class kernel_bridge.Nothing

--- No matching run was executed.
---@class kernel_bridge.NothingToExportData
---@field kind "NothingToExport"
---@field remedy? kernel_bridge.Remedy

--- The region holds no code.
---@class kernel_bridge.NothingToRunData
---@field kind "NothingToRun"
---@field remedy? kernel_bridge.Remedy

--- Notifications from the server, each with its params.
---@class kernel_bridge.Notifications
---@field ["kernel-bridge/kernel"] kernel_bridge.KernelNotification
---@field ["kernel-bridge/run"] kernel_bridge.RunNotification
---@field ["kernel-bridge/output"] kernel_bridge.OutputNotification

--- The notebook file to show as text: with percent cells ("py"), or as Markdown with fences ("md").
---@class kernel_bridge.OpenNotebookParams
---@field path string
---@field format? "md"|"py"

---@class kernel_bridge.OpenNotebookResult
---@field text string
---@field languageId string
---@field digest string

--- An nbformat 4.5 output with text as one string.
---@alias kernel_bridge.Output kernel_bridge.StreamOutput|kernel_bridge.DisplayData|kernel_bridge.ExecuteResult|kernel_bridge.ErrorOutput

--- kernel-bridge/output: the outputs of a run changed. `seq` counts 1, 2, 3, … for each run.
---@class kernel_bridge.OutputNotification
---@field runId string
---@field kernelId string
---@field seq integer
---@field changes kernel_bridge.Change[]

--- The program that uses a kernel through a kernel-bridge: an editor or a terminal.
---@class kernel_bridge.Owner
---@field name string
---@field pid integer

--- LSP position; `character` counts in the negotiated position encoding.
---@class kernel_bridge.Position
---@field line integer
---@field character integer

--- LSP range, end exclusive.
---@class kernel_bridge.Range
---@field start kernel_bridge.Position
---@field ["end"] kernel_bridge.Position

--- A slice of one stream output; `start` and `length` count characters (code points).
---@class kernel_bridge.ReadOutputParams
---@field runId string
---@field index integer
---@field start integer
---@field length integer

---@class kernel_bridge.ReadOutputResult
---@field text string
---@field total integer

--- The advice for an error.
---@alias kernel_bridge.Remedy "attachKernel"|"chooseKernel"|"chooseKernelSpec"|"installKernel"|"listRuns"|"overwrite"|"restartKernel"|"shutDownKernel"|"startKernel"|"writeBack"

--- Replace the output at `index`.
---@class kernel_bridge.ReplaceChange
---@field kind "replace"
---@field index integer
---@field output kernel_bridge.Output

--- Requests from the server, each with its params and result; null: the user cancelled.
---@class kernel_bridge.Requests
---@field ["kernel-bridge/stdin"] { params: kernel_bridge.StdinRequest, result: kernel_bridge.StdinAnswer|nil }

--- The error of a failed request. Its message names what failed, the value, and what to do.
---@class kernel_bridge.ResponseError
---@field code integer
---@field message string
---@field data? kernel_bridge.ErrorData

--- The newest run of a place in a document.
---@class kernel_bridge.Result
---@field run kernel_bridge.Run
---@field seq integer
---@field range kernel_bridge.Range
---@field stale boolean

--- An open document. `path`: take the outputs from this notebook file instead of the runs.
---@class kernel_bridge.ResultsParams
---@field textDocument kernel_bridge.TextDocument
---@field path? string

---@class kernel_bridge.ResultsResult
---@field results kernel_bridge.Result[]

--- One execution of a piece of source on a kernel.
---@class kernel_bridge.Run
---@field id string
---@field kernelId string
---@field epoch integer
---@field source string
---@field origin "bridge"|"other"
---@field state kernel_bridge.RunState
---@field queuedAt string
---@field summary? kernel_bridge.Summary
---@field textDocument? kernel_bridge.TextDocument
---@field range? kernel_bridge.Range
---@field unit? kernel_bridge.Unit
---@field notebookDocument? kernel_bridge.TextDocument
---@field cellId? string
---@field executionCount? integer
---@field startedAt? string
---@field endedAt? string
---@field error? kernel_bridge.RunError
---@field reason? string
---@field nextInput? string
---@field nextInputReplaces? boolean
---@field interrupted? boolean
---@field degraded? boolean
---@field lostMessages? integer
---@field missingBytes? integer
---@field detached? boolean
---@field outputs? kernel_bridge.Output[]

--- The exception that a run raised.
---@class kernel_bridge.RunError
---@field ename string
---@field evalue string
---@field traceback string[]
---@field line? integer
---@field hint? string

--- kernel-bridge/run: a run changed its state. Never has outputs.
---@class kernel_bridge.RunNotification
---@field run kernel_bridge.Run

--- Run a `unit` or `range` of `textDocument`, or the given `code`.
---@class kernel_bridge.RunParams
---@field unit? kernel_bridge.Unit
---@field textDocument? kernel_bridge.TextDocument
---@field range? kernel_bridge.Range
---@field position? kernel_bridge.Position
---@field code? string
---@field cells? string[]
---@field kernelId? string
---@field wait? boolean
---@field storeHistory? boolean
---@field silent? boolean
---@field stopOnError? boolean
---@field allowStdin? boolean

---@class kernel_bridge.RunRef
---@field runId string

---@class kernel_bridge.RunResult
---@field runs kernel_bridge.Run[]

--- The state of a run: queued, running, or one of five ends.
---@alias kernel_bridge.RunState "queued"|"running"|"ok"|"error"|"aborted"|"cancelled"|"lost"

--- The server's settings; every field has a default.
---@class kernel_bridge.Settings
---@field autoStart? boolean Start a kernel when a run needs one.
---@field defaultKernels? table<string, string> The kernelspec to start for each language, by language id.
---@field workingFolder? string The folder in which kernels start: absolute, from `~`, or relative to the workspace root; `.` is the root itself. Empty: the document's folder.
---@field transport? "ipc"|"tcp" How to reach kernels on this machine: by private Unix sockets or by TCP. The server falls back to TCP if the platform or the kernel has no ipc; on Windows it is always TCP.
---@field keepAlive? boolean Keep kernels running after the server exits.
---@field keepAliveIdle? number Seconds after which a kept kernel ends if it runs nothing and no program follows it; 0: never.
---@field readyTimeout? number Seconds that a new kernel may take to become ready.
---@field coalesceMilliseconds? number How long stream output may wait, to be sent together with later output.
---@field outputBudget? integer Limit in bytes for the stream text in a run's live outputs. The history keeps the rest.
---@field history? kernel_bridge.HistorySettings
---@field remoteTcp? boolean Allow attaching to kernels on other machines by plain, unencrypted TCP.
---@field trusted? boolean If false, kernels are listed, but none is started or attached and no code runs.
---@field features? kernel_bridge.FeatureSettings

--- Show the output at `index` as an image or page. Without `index`, show all text of the run.
---@class kernel_bridge.ShowOutputParams
---@field runId string
---@field index? integer

---@class kernel_bridge.ShowOutputResult
---@field uri string
---@field shown boolean

--- Start `spec` (a kernelspec's name), `python` (an interpreter) or the best kernel for the document.
---@class kernel_bridge.StartKernelParams
---@field spec? string
---@field python? string
---@field textDocument? kernel_bridge.TextDocument
---@field position? kernel_bridge.Position
---@field cwd? string
---@field env? table<string, string>
---@field extraArguments? string[]
---@field transport? "ipc"|"tcp"
---@field keepAlive? boolean
---@field readyTimeout? number

--- The client's response to kernel-bridge/stdin. It is null if the user cancelled.
---@class kernel_bridge.StdinAnswer
---@field value string

--- kernel-bridge/stdin, a request to the client.
---@class kernel_bridge.StdinRequest
---@field runId string
---@field kernelId string
---@field prompt string
---@field password boolean

--- Text on stdout or stderr.
---@class kernel_bridge.StreamOutput
---@field output_type "stream"
---@field name string
---@field text string
---@field elided? kernel_bridge.Elided

--- A run in one line, for display.
---@class kernel_bridge.Summary
---@field text string
---@field state string
---@field duration? string

--- Append `text` to the stream output at `index`.
---@class kernel_bridge.TextChange
---@field kind "text"
---@field index integer
---@field text string

--- The document that a command refers to.
---@class kernel_bridge.TextDocument
---@field uri string
---@field version? integer

--- How the bridge reaches a kernel.
---@alias kernel_bridge.Transport "ipc"|"tcp"|"websocket"

--- The part of a document to run.
---@alias kernel_bridge.Unit "range"|"line"|"statement"|"cell"|"above"|"below"|"all"

--- The workspace is not trusted, so nothing is started, attached or run.
---@class kernel_bridge.UntrustedData
---@field kind "Untrusted"
---@field remedy? kernel_bridge.Remedy
