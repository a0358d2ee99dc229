"""An editor for tests: drives the real `kernel-bridge --stdio` over pipes, and does not trust it.

Shares no code with the server. Every wait has a time limit, and shows the last messages when it expires.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeVar

from tests.home import Home
from tests.server.documents import Document, Place
from tests.server.mirror import Mirror
from tests.server.wire import Call, ResponseError, read_frame

T = TypeVar("T")
Json = dict[str, Any]
Stdin = Callable[[str], str | Awaitable[str | None] | None]
"""Answers input(): maps the prompt to the typed text, or to None to cancel. An awaitable answers later."""

BOUND_S = 30
EVERYTHING: Json = {"version": 1, "output": True, "stdin": True}
REQUEST_CANCELLED = -32800
METHOD_NOT_FOUND = -32601


@asynccontextmanager
async def editor(
    home: Home,
    *,
    capabilities: Json | None = EVERYTHING,
    standard: Json | None = None,
    settings: Json | None = None,
    stdin: Stdin | None = None,
    encodings: tuple[str, ...] = ("utf-8", "utf-16"),
    environment: Mapping[str, str] | None = None,
    arguments: tuple[str, ...] = (),
    prefix: tuple[str, ...] = (),
) -> AsyncIterator["Client"]:
    """A started and initialized bridge, shut down at the end with all assertions of `Client.close`.

    `capabilities` are those of experimental.kernelBridge, `standard` all others, `settings` the
    initializationOptions.
    """
    client = await start(home, stdin=stdin, environment=environment, arguments=arguments, prefix=prefix)
    try:
        await client.initialize(capabilities, settings, encodings, standard)
        yield client
    except BaseException:
        await client.kill()
        raise
    if not client.over:
        await client.close()


async def start(
    home: Home,
    *,
    stdin: Stdin | None = None,
    environment: Mapping[str, str] | None = None,
    arguments: tuple[str, ...] = (),
    module: str = "kernel_bridge",
    prefix: tuple[str, ...] = (),
    umask: int = -1,
) -> "Client":
    """A started process that has received nothing yet. `prefix` is a command that runs it."""
    with (home.path / "stderr").open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *prefix,
            sys.executable,
            *("-m", module, "--stdio", *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env={**home.environment, **(environment or {})},
            cwd=home.work,
            umask=umask,
        )
    return Client(process, home, stdin)


class Client:
    """One connection: `messages` is everything received, in order; `mirror` is the runs they describe."""

    def __init__(self, process: asyncio.subprocess.Process, home: Home, stdin: Stdin | None) -> None:
        self.process = process
        self.home = home
        self.stdin = stdin
        self.messages: list[Json] = []
        self.mirror = Mirror()
        self.server: Json = {}  # the initialize result
        self.settings: Json | None = None
        self.answers: dict[str, Any] = {}  # to the server's requests, by method; functions receive the params
        self.documents: dict[str, Document] = {}
        self.reading = asyncio.Event()  # cleared: an editor that has stopped reading
        self.reading.set()
        self.over = False  # the process has ended and was checked
        self._kernel_id: str | None = None
        self.asked: dict[int, Json] = {}  # all requests, by id
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._together: list[bytes] | None = None  # messages to send in one piece
        self._waiters: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        self._answers: dict[Any, asyncio.Task[None]] = {}
        self._broken: BaseException | None = None
        self._reader = asyncio.create_task(self._read(), name="test client's reader")

    # The connection

    async def initialize(
        self,
        capabilities: Json | None = EVERYTHING,
        settings: Json | None = None,
        encodings: tuple[str, ...] = ("utf-8", "utf-16"),
        standard: Json | None = None,
    ) -> Json:
        """Send `initialize` and `initialized`. Return the result of `initialize`."""
        self.settings = settings
        experimental = {} if capabilities is None else {"kernelBridge": capabilities}
        self.server = await self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": self.home.work.as_uri(),
                "capabilities": {
                    "general": {"positionEncodings": list(encodings)},
                    "experimental": experimental,
                    **(standard or {}),
                },
                **({} if settings is None else {"initializationOptions": settings}),
            },
        )
        self.notify("initialized", {})
        return self.server

    async def close(self, exit_code: int = 0, gone_within_s: float = 5) -> None:
        """Shut down like an editor. Assert that the server kept the protocol and left nothing behind."""
        await self._shut_down()
        await self.ended(exit_code, gone_within_s)

    async def leave(self) -> None:
        """Shut down like an editor, and leave kept kernels running."""
        await self._shut_down()
        await self._ended(0)

    async def _shut_down(self) -> None:
        if not self._reader.done():
            await self.check_outputs()
            assert await self.request("shutdown") is None
            self.notify("exit")

    async def ended(self, exit_code: int = 0, gone_within_s: float = 5) -> None:
        """Wait for the process to exit. Assert its exit code, and that nothing is left behind."""
        await self._ended(exit_code)
        await asyncio.to_thread(self.home.check_clean, gone_within_s)

    async def _ended(self, exit_code: int) -> None:
        async with self._bounded("the process to end"):
            code = await self.process.wait()
        await self.finished()
        assert code == exit_code, f"exit code {code}, not {exit_code}\n{self.stderr()}"

    async def finished(self) -> None:
        """Read the remaining output of a process that has ended. Raises AssertionError for any violation."""
        await self._reader
        self.over = True
        if self._broken:
            raise AssertionError(f"{self._broken}\n{self.stderr()}") from self._broken

    async def kill(self) -> None:
        """Kill the process (SIGKILL)."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        await self._reader

    def stderr(self) -> str:
        return (self.home.path / "stderr").read_text(errors="replace")

    # Requests and notifications

    def call(self, method: str, params: Any = None) -> Call:
        """Send a request. The returned call can be awaited or cancelled."""
        call = Call(len(self._calls) + 1, asyncio.get_running_loop().create_future())
        self._calls[call.id] = call.answer
        self.asked[call.id] = {"method": method, **({} if params is None else {"params": params})}
        self._send({"id": call.id, **self.asked[call.id]})
        return call

    async def request(self, method: str, params: Any = None) -> Any:
        """Send a request. Return its result. Raises ResponseError."""
        async with self._bounded(f"the answer to {method} {params}"):
            return await self.call(method, params)

    async def command(self, name: str, /, **argument: Any) -> Any:
        """Run `kernel-bridge.<name>`. Return its result. Raises ResponseError."""
        return await self.request("workspace/executeCommand", self._command(name, argument))

    def call_command(self, name: str, /, **argument: Any) -> Call:
        """Send `kernel-bridge.<name>`."""
        return self.call("workspace/executeCommand", self._command(name, argument))

    def cancel(self, call: Call) -> None:
        self.notify("$/cancelRequest", {"id": call.id})

    def notify(self, method: str, params: Any = None) -> None:
        self._send({"method": method, **({} if params is None else {"params": params})})

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send all messages of the block in one piece: the server reads all of them before it acts."""
        self._together = []
        try:
            yield
        finally:
            messages, self._together = self._together, None
            self.send_bytes(b"".join(messages))

    def send_bytes(self, data: bytes) -> None:
        """Write raw bytes to the wire."""
        assert self.process.stdin
        if self._together is not None:
            self._together.append(data)
        else:
            self.process.stdin.write(data)

    def end_input(self) -> None:
        """Close the pipe to the server, as the death of an editor does."""
        assert self.process.stdin
        self.process.stdin.close()

    # Documents

    def open(self, text: str, name: str = "a.py", language_id: str = "python") -> Document:
        """Open a document that is not on disk."""
        uri = (self.home.work / name).as_uri()
        encoding = self.server["capabilities"].get("positionEncoding", "utf-16")
        document = self.documents[uri] = Document(uri, language_id, text, encoding)
        self.notify(
            "textDocument/didOpen",
            {"textDocument": {"uri": uri, "languageId": language_id, "version": 1, "text": text}},
        )
        return document

    def change(self, document: Document, start: Place, end: Place, text: str) -> None:
        """Replace the text from `start` to `end`."""
        changes = [document.replace(start, end, text)]
        self.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": document.uri, "version": document.version},
                "contentChanges": changes,
            },
        )

    def close_document(self, document: Document) -> None:
        self.notify("textDocument/didClose", {"textDocument": document.identifier})

    # Kernels and runs

    async def kernel(self) -> str:
        """The id of this client's own python3 kernel, started on first use."""
        if self._kernel_id is None:
            self._kernel_id = (await self.command("startKernel", spec="python3"))["id"]
        return self._kernel_id

    async def runs(self, *, wait: bool = True, **argument: Any) -> list[Json]:
        """Send `kernel-bridge.run` and return its runs. Plain code runs on this client's own kernel.

        With `wait`, the runs have ended and include their outputs, which must match the notifications.
        """
        if "code" in argument and not argument.keys() & {"kernelId", "textDocument"}:
            argument["kernelId"] = await self.kernel()
        runs: list[Json] = (await self.command("run", wait=wait, **argument))["runs"]
        return runs

    async def run(self, *, wait: bool = True, **argument: Any) -> Json:
        """Like `runs`, for exactly one run."""
        (run,) = await self.runs(wait=wait, **argument)
        return run

    async def check_outputs(self) -> None:
        """Assert that getRun returns every run as the notifications described it."""
        for run_id in list(self.mirror.outputs):
            if self.mirror.runs[run_id].get("detached"):  # it continued elsewhere
                continue
            answer = await self.command("getRun", runId=run_id)
            await self.until_true(lambda: self.mirror.seq[run_id] >= answer["seq"])  # noqa: B023
            if self.mirror.seq[run_id] == answer["seq"]:
                assert self.mirror.outputs[run_id] == answer["run"]["outputs"]

    # Waiting

    async def until(self, predicate: Callable[[Json], bool], *, since: int = 0) -> Json:
        """Wait for a message from index `since` on that satisfies `predicate`. Return the first one."""
        return await self.until_true(lambda: next(filter(predicate, self.messages[since:]), None))

    async def until_true(self, condition: Callable[[], T | None]) -> T:
        """Wait until `condition` is true, checking after each message. Return its value."""
        waiter = (condition, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        self._wake()
        async with self._bounded("what the test waits for"):
            result: T = await waiter[1]
        return result

    async def until_state(self, run_id: str, *states: str) -> Json:
        """Wait until a notification reports one of the states. Return the run."""
        await self.until_true(lambda: set(states) & set(self.mirror.states.get(run_id, [])))
        return self.mirror.runs[run_id]

    async def until_ended(self, run_id: str) -> Json:
        """Wait until a notification reports the end of the run. Return the run."""
        await self.until_true(lambda: self.mirror.ended(run_id))
        return self.mirror.runs[run_id]

    async def until_text(self, run_id: str, part: str) -> None:
        """Wait until the run's stream text contains `part`."""
        await self.until_true(lambda: part in self.mirror.text(run_id))

    async def until_kernel(self, kernel_id: str, *states: str) -> Json:
        """Wait until the kernel's last notification reports one of the states. Return the kernel."""
        await self.until_true(lambda: self.mirror.kernels.get(kernel_id, {}).get("state") in states)
        return self.mirror.kernels[kernel_id]

    # Internals

    def _command(self, name: str, argument: Json) -> Json:
        return {"command": f"kernel-bridge.{name}", **({"arguments": [argument]} if argument else {})}

    def _send(self, message: Json) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async def _read(self) -> None:
        assert self.process.stdout
        try:
            while (body := await read_frame(self.process.stdout)) is not None:
                await self.reading.wait()
                message = json.loads(body)
                self.messages.append(message)
                self._take(message)
                self._wake()
        except Exception as error:
            self._broken = error
        self._fail(self._broken or EOFError("the server has ended its output"))
        for task in self._answers.values():
            task.cancel()

    def _take(self, message: Json) -> None:
        assert message["jsonrpc"] == "2.0"
        if "method" not in message:
            if (answer := self._calls.get(message["id"])) and not answer.done():
                if "error" in message:
                    answer.set_exception(ResponseError(message["error"]))
                    answer.exception()  # awaiting it is optional
                else:
                    answer.set_result(message["result"])
        elif "id" in message:
            task = asyncio.create_task(self._answer(message), name=f"answer {message['method']}")
            self._answers[message["id"]] = task
        elif message["method"] == "$/cancelRequest":
            self._answers[message["params"]["id"]].cancel()
        else:
            unmet = set(self.mirror.unmet)
            self.mirror.take(message["method"], message["params"])
            for run_id in self.mirror.unmet.keys() - unmet:
                self._answers[run_id] = asyncio.create_task(self._meet(run_id), name=f"meet {run_id}")

    async def _meet(self, run_id: str) -> None:
        self.mirror.meet(await self.command("getRun", runId=run_id))
        self._wake()

    async def _answer(self, request: Json) -> None:
        try:
            answer = {"result": await self._result(request["method"], request.get("params"))}
        except NotImplementedError:
            answer = {"error": {"code": METHOD_NOT_FOUND, "message": request["method"]}}
        except asyncio.CancelledError:
            answer = {"error": {"code": REQUEST_CANCELLED, "message": "cancelled"}}
        except Exception as error:
            self._broken = error
            return self._wake()
        self._send({"id": request["id"], **answer})

    async def _result(self, method: str, params: Any) -> Any:
        match method:
            case "kernel-bridge/stdin":
                assert self.stdin, f"unexpected prompt from the server: {params['prompt']!r}"
                value = self.stdin(params["prompt"])
                value = await value if isinstance(value, Awaitable) else value
                return None if value is None else {"value": value}
            case "workspace/configuration":
                return [self.settings for _ in params["items"]]
            case "client/registerCapability" | "window/workDoneProgress/create":
                return None
            case _ if method in self.answers:
                answer = self.answers[method]
                return answer(params) if callable(answer) else answer
            case _:
                raise NotImplementedError

    def _wake(self) -> None:
        if self._broken:
            self._fail(self._broken)
        for condition, future in self._waiters:
            if not future.done() and (result := condition()):
                future.set_result(result)
        self._waiters = [waiter for waiter in self._waiters if not waiter[1].done()]

    def _fail(self, error: BaseException) -> None:
        for future in (*self._calls.values(), *(future for _, future in self._waiters)):
            if not future.done():
                future.set_exception(AssertionError(f"{error!r}\n{self.stderr()}"))
                future.exception()  # a call that is never awaited may fail

    @asynccontextmanager
    async def _bounded(self, what: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(BOUND_S):
                yield
        except TimeoutError:
            last = "\n".join(json.dumps(message)[:300] for message in self.messages[-10:])
            stderr = self.stderr()[-2000:]
            raise AssertionError(
                f"waited {BOUND_S} s for {what}; the last messages:\n{last}\n{stderr}"
            ) from None
