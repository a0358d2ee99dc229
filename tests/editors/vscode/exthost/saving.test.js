const assert = require("node:assert/strict");
const vscode = require("vscode");
const { notebook, runAll, until } = require("./waiting");

/** A code cell of a file. */
const code = (id, source, more = {}) => ({
  cell_type: "code",
  execution_count: null,
  id,
  metadata: {},
  outputs: [],
  source,
  ...more,
});

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const RICH = `\
import base64, sys
from IPython.display import display
print("50 %\\r100 %", end="\\r")
print("caf\\u00e9 \\x1b[31mred\\x1b[0m", file=sys.stderr)
display({
    "application/json": "a text", "application/vnd.x.v1+json": {"b": [1, None]}, "audio/wav": "UklGRg==",
    "image/png": "${PIXEL}", "image/svg+xml": "<svg/>", "text/html": "<b>\\n</b>", "text/plain": "x",
}, raw=True, metadata={"image/png": {"width": 9}}, display_id="shown")
6 * 7`;

const OUTPUTS = [
  { name: "stdout", output_type: "stream", text: ["100 %"] },
  { name: "stderr", output_type: "stream", text: ["café \u001b[31mred\u001b[0m\n"] },
  {
    data: {
      "application/json": "a text",
      "application/vnd.x.v1+json": { b: [1, null] },
      "audio/wav": "UklGRg==",
      "image/png": PIXEL,
      "image/svg+xml": ["<svg/>"],
      "text/html": ["<b>\n", "</b>"],
      "text/plain": ["x"],
    },
    metadata: { "image/png": { width: 9 } },
    output_type: "display_data",
  },
  { data: { "text/plain": ["42"] }, execution_count: 1, metadata: {}, output_type: "execute_result" },
];

const OLD = { execution_count: 7, outputs: [{ name: "stdout", output_type: "stream", text: ["old\n"] }] };

const CELLS = [
  code("rich", [RICH]),
  { cell_type: "raw", id: "raw", metadata: {}, source: ["as it is"] },
  code("empty", []),
  code("fails", ["def f():\n", "    1 / 0\n", "f()"], OLD),
  code("old", ["print('new')"], OLD),
];

const save = async ({ uri, save }) => {
  await save();
  return JSON.parse(Buffer.from(await vscode.workspace.fs.readFile(uri)).toString()).cells;
};

describe("a saved notebook", () => {
  it("has what ran as the kernel sent it, and what did not run as it was", async () => {
    const editor = await notebook("saved.ipynb", CELLS);
    const [, , , fails, old] = editor.notebook.getCells();
    await runAll(editor);
    await until(() => fails.executionSummary?.success === false && old.metadata.execution_count === 7);
    const [rich, ...others] = await save(editor.notebook);
    assert.deepEqual(rich, code("rich", RICH.split(/(?<=\n)/), { execution_count: 1, outputs: OUTPUTS }));
    const [error] = others[2].outputs;
    assert.equal(error.ename, "ZeroDivisionError");
    assert.ok(error.traceback.some((frame) => frame.includes("\n")));
    assert.equal(others[2].execution_count, 2);
    assert.deepEqual([others[0], others[1], others[3]], [CELLS[1], CELLS[2], CELLS[4]]);
    assert.equal(old.executionSummary.success, undefined);
    assert.equal(old.executionSummary.executionOrder, 7);
    const stackOf = (cell) => JSON.parse(Buffer.from(cell.outputs[0].items[0].data).toString()).stack;
    const copy = vscode.Uri.joinPath(editor.notebook.uri, "../copy.ipynb");
    await vscode.workspace.fs.copy(editor.notebook.uri, copy);
    const reopened = await vscode.workspace.openNotebookDocument(copy);
    assert.equal(stackOf(reopened.cellAt(3)), stackOf(fails));
  });
});
