"""Run the first cell of a Python file and print its output as it streams: FILE [SERVER COMMAND...]"""

import json
import sys
from pathlib import Path
from subprocess import PIPE, Popen

path = Path(sys.argv[1]).resolve()
server = Popen(sys.argv[2:] or ["kernel-bridge", "--stdio"], stdin=PIPE, stdout=PIPE)


def send(**message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    server.stdin.flush()


def show(change):
    match change:
        case {"kind": "text", "text": text} | {"kind": "append", "output": {"text": text}}:
            print(text, end="", flush=True)
        case {"kind": "line", "text": text}:  # for example a progress bar
            print("\r" + text, end="", flush=True)
        case {"output": {"traceback": lines}}:
            print(*lines, sep="\n")
        case {"output": {"data": {"text/plain": text}}}:
            print(text)


document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": path.read_text("utf-8")}
cell = {"textDocument": {"uri": path.as_uri()}, "unit": "cell", "position": {"line": 0, "character": 0}}
run = {"command": "kernel-bridge.run", "arguments": [cell]}
ours = {"experimental": {"kernelBridge": {"version": 1, "output": True}}}
send(id=1, method="initialize", params={"processId": None, "rootUri": None, "capabilities": ours})
while header := server.stdout.readline():
    server.stdout.readline()  # the empty line after the header
    match json.loads(server.stdout.read(int(header.removeprefix(b"Content-Length: ")))):
        case {"error": {"message": problem}}:
            sys.exit(problem)
        case {"id": 1}:  # the response to initialize
            send(method="initialized", params={})
            send(method="textDocument/didOpen", params={"textDocument": document})
            send(id=2, method="workspace/executeCommand", params=run)
        case {"method": "kernel-bridge/output", "params": {"changes": changes}}:
            for change in changes:
                show(change)
        case {"method": "kernel-bridge/run", "params": {"run": {"endedAt": _}}}:
            send(id=3, method="shutdown")
        case {"id": 3}:  # the response to shutdown
            send(method="exit")
