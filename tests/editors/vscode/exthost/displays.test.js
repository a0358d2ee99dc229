const assert = require("node:assert/strict");
const vscode = require("vscode");
const { until } = require("./waiting");

const PLOTLY = "application/vnd.plotly.v1+json";
const UNKNOWN = "application/vnd.of-nobody+json";

/** Each bundle, and the items that it becomes beside its own. */
const BUNDLES = [
  [{ [PLOTLY]: { data: [] }, "text/plain": "a figure" }, []],
  [{ "audio/wav": "UklGRiQAAABXQVZF", "text/plain": "a sound" }, []],
  [{ "application/pdf": "JVBERi0xLjQ=" }, []],
  [{ "image/png": "iVBORw0KGgo=" }, []],
  [{ [UNKNOWN]: { a: 1 }, "text/plain": "its text" }, []],
  [{ [UNKNOWN]: "no JSON", "text/plain": "its text" }, []],
  [{ [UNKNOWN]: { a: 1 } }, [["text/plain", `<${UNKNOWN} output>`]]],
];

const SOURCE = `import json
for bundle in json.loads(r'''${JSON.stringify(BUNDLES.map(([bundle]) => bundle))}'''):
    display(bundle, raw=True)`;

const mimesOf = ({ items }) => items.map(({ mime }) => mime).sort();
const joined = (value) => (Array.isArray(value) ? value.join("") : value);

describe("what a kernel displays", () => {
  it("is in the notebook and in its file as it was sent, with text where nothing draws it", async () => {
    const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, "displays.ipynb");
    const code = {
      cell_type: "code",
      id: "a",
      execution_count: null,
      metadata: {},
      outputs: [],
      source: SOURCE,
    };
    const file = { cells: [code], metadata: {}, nbformat: 4, nbformat_minor: 5 };
    await vscode.workspace.fs.writeFile(uri, Buffer.from(JSON.stringify(file)));
    const notebook = await vscode.workspace.openNotebookDocument(uri);
    const notebookEditor = await vscode.window.showNotebookDocument(notebook);
    const kernel = { id: "kernel-bridge", extension: "kernel-bridge.kernel-bridge" };
    await vscode.commands.executeCommand("notebook.selectKernel", { notebookEditor, ...kernel });
    await vscode.commands.executeCommand("notebook.execute");
    const cell = notebook.cellAt(0);
    await until(() => cell.executionSummary?.success);
    const expected = BUNDLES.map(([bundle, added]) => ({ ...bundle, ...Object.fromEntries(added) }));
    assert.deepEqual(
      cell.outputs.map(mimesOf),
      expected.map((bundle) => Object.keys(bundle).sort()),
    );
    await notebook.save();
    const { cells } = JSON.parse(Buffer.from(await vscode.workspace.fs.readFile(uri)).toString("utf8"));
    const saved = cells[0].outputs.map(({ data }) =>
      Object.fromEntries(Object.entries(data).map(([mime, value]) => [mime, joined(value)])),
    );
    assert.deepEqual(saved, expected);
  });
});
