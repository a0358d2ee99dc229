const assert = require("node:assert/strict");
const vscode = require("vscode");
const { ended, show } = require("./waiting");

const CELLS = {
  "marks.py":
    "# %% one\n1\n#%%\n2\n  # %% [markdown]\n# text\n# %%%% four\n4\n# In[3]:\n5\n# %% a [raw] b\nx = '# %%'\n#%%[md]\n",
  "strings.py": `# %%\n1\ns = """ # it's \\"""\n# %%\n"""  # ends\n# %% '''\n'''a''' # """\n# %%time\n# %%\nx = """\n`,
  "marks.r": "# %% one\n1\n#%%\n2\n",
  "marks.jl": "# %% one\n1\n# %% [markdown] two\n# text\n# %%\n3\n",
  "marks.js": "// %% one\n1;\n//%% two\n2;\n// [markdown]\n",
  "marks.lua": "-- %% one\nx = 1\n--%%\nx = 2\n",
  "marks.clj": ";; %% one\n(+ 1 1)\n; %% two\n(+ 2 2)\n",
  "chunks.qmd":
    "---\ntitle: x\n---\n\n```{python}\n1\n```\n\n- a\n\n  ```{r, echo=FALSE}\n  2\n  ```\n\n<!--\n```{python}\n```\n-->\n",
  "chunks.Rmd":
    "````markdown\n```{r}\n```\n````\n\n    ```{r}\n    0\n    ```\n\n```{r}\n1\n```\n~~~ {.r}\n2\n~~~\n",
};

const linesOf = (found) => [...new Set(found.map(({ range }) => range.start.line))];

const lensesOf = (uri) => vscode.commands.executeCommand("vscode.executeCodeLensProvider", uri);

describe("the cells of a file", () => {
  it("are the same for its links as for the server", async () => {
    await show("starts.py", "'the server is running'");
    await vscode.commands.executeCommand("kernelBridge.runAll");
    await ended("'the server is running'");
    for (const [name, text] of Object.entries(CELLS)) {
      const { uri } = await show(name, text);
      const symbols = await vscode.commands.executeCommand("vscode.executeDocumentSymbolProvider", uri);
      const cells = symbols.filter(({ detail }) => detail === "code cell");
      assert.ok(cells.length > 1, `the server found no cells in ${name}`);
      const lenses = await lensesOf(uri);
      const links = lenses.filter(({ command }) => command?.title.includes("Run Cell"));
      assert.deepEqual(linesOf(links), linesOf(cells), name);
    }
  });
});
