const assert = require("node:assert/strict");
const Module = require("node:module");
const path = require("node:path");

const EXTENSION = path.resolve(__dirname, "../../../../editors/vscode");
const esbuild = require(path.join(EXTENSION, "node_modules/esbuild"));

/** The exports of modules of the extension that do not use VS Code. */
function load(...names) {
  const contents = names.map((name) => `export * from "./${name}";`).join("\n");
  const stdin = { contents, resolveDir: path.join(EXTENSION, "src"), loader: "ts" };
  const { outputFiles } = esbuild.buildSync({ stdin, bundle: true, write: false, format: "cjs" });
  const module = new Module("bundle");
  module._compile(outputFiles[0].text, path.join(__dirname, "bundle.js"));
  return module.exports;
}

const cells = load("file/cell_edits", "file/cell_selections");

const COMMANDS = {
  insertCellAbove: cells.insertAbove,
  insertCellBelow: cells.insertBelow,
  deleteCells: cells.deleteCells,
  moveCellsUp: (document, selections) => cells.moveCells(document, selections, -1),
  moveCellsDown: (document, selections) => cells.moveCells(document, selections, 1),
  extractCell: cells.extractCells,
  changeCellToMarkdown: (document, selections) => cells.changeKind(document, selections, "markdown"),
  changeCellToCode: (document, selections) => cells.changeKind(document, selections, "code"),
};

const SELECTIONS = {
  goToNextCell: (document, [first]) => [cells.neighbour(document, first, 1) ?? first],
  goToPreviousCell: (document, [first]) => [cells.neighbour(document, first, -1) ?? first],
  selectCell: cells.selectCells,
  selectCellContents: cells.selectContents,
  extendSelectionByCellAbove: (document, [first]) => [cells.extend(document, first, -1)],
  extendSelectionByCellBelow: (document, [first]) => [cells.extend(document, first, 1)],
};

function documentOf(text, languageId) {
  const lines = text.split("\n");
  return { languageId, lineCount: lines.length, lineAt: (line) => ({ text: lines[line] }) };
}

function offsetOf(text, { line, character }) {
  const before = text.split("\n").slice(0, line);
  return before.reduce((sum, each) => sum + each.length + 1, 0) + character;
}

function positionOf(text, offset) {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length - 1, character: before.at(-1).length };
}

/** Reads a text in which "¦" is a cursor, and "‹" the other end of a selection. */
function read(marked) {
  const text = marked.replace(/[¦‹]/g, "");
  const ends = { "¦": [], "‹": [] };
  let count = 0;
  for (const { 0: mark, index } of marked.matchAll(/[¦‹]/g))
    ends[mark].push(positionOf(text, index - count++));
  const selections = ends["¦"].map((active, index) => ({ anchor: ends["‹"][index] ?? active, active }));
  return { text, selections };
}

function written(text, selections) {
  const marks = selections.flatMap(({ anchor, active }) => {
    const [cursor, other] = [offsetOf(text, active), offsetOf(text, anchor)];
    return cursor === other
      ? [[cursor, "¦"]]
      : [
          [cursor, "¦"],
          [other, "‹"],
        ];
  });
  let marked = text;
  for (const [offset, mark] of marks.toSorted(([one], [other]) => other - one))
    marked = marked.slice(0, offset) + mark + marked.slice(offset);
  return marked;
}

/** Checks the text and the selections after a command. */
function check(command, before, after, language = "python") {
  const { text, selections } = read(before);
  const document = documentOf(text, language);
  const change = SELECTIONS[command]
    ? { edits: [], selections: SELECTIONS[command](document, selections) }
    : COMMANDS[command](document, selections);
  let changed = text;
  for (const edit of change.edits.toSorted((one, other) => other.line - one.line)) {
    const { start, end, text: added } = cells.replacement(document, edit);
    changed = changed.slice(0, offsetOf(text, start)) + added + changed.slice(offsetOf(text, end));
  }
  const lines = changed.split("\n");
  const clipped = ({ line, character }) => {
    const last = Math.min(line, lines.length - 1); // as VS Code does
    return {
      line: last,
      character: line > last ? lines[last].length : Math.min(character, lines[last].length),
    };
  };
  const found = change.selections.map(({ anchor, active }) => ({
    anchor: clipped(anchor),
    active: clipped(active),
  }));
  assert.equal(written(changed, found), after, `${command} of ${JSON.stringify(before)}`);
}

describe("an edit of cells", () => {
  it("inserts one in the style of the file", () => {
    check("insertCellBelow", "# %% a\n¦1\n\n# %% b\n2\n", "# %% a\n1\n\n# %%\n¦\n\n# %% b\n2\n");
    check("insertCellBelow", "#%% a\n¦1\n#%% b\n2\n", "#%% a\n1\n#%%\n¦\n#%% b\n2\n");
    check("insertCellBelow", "# %% a\n1¦", "# %% a\n1\n\n# %%\n¦");
    check("insertCellBelow", "# %% a\n¦1\n\n\n", "# %% a\n1\n\n# %%\n¦");
    check("insertCellBelow", "¦x = 1\ny = 2\n", "x = 1\ny = 2\n\n# %%\n¦");
    check("insertCellBelow", "¦", "# %%\n¦");
    check("insertCellBelow", "# %%\n¦1\n", "# %%\n1\n\n# %%\n¦");
    check("insertCellAbove", "# %% a\n1\n\n# %% b\n¦2\n", "# %% a\n1\n\n# %%\n¦\n\n# %% b\n2\n");
    check("insertCellAbove", "#!/bin/x\n¦x\n# %%\n2\n", "#!/bin/x\n# %%\n¦\n# %%\nx\n# %%\n2\n");
    check("insertCellBelow", "(* %% a *)\n¦1;;\n", "(* %% a *)\n1;;\n\n(* %% *)\n¦", "ocaml");
    check("insertCellBelow", "-- %%\n¦1\n", "-- %%\n1\n\n-- %%\n¦", "lua");
  });

  it("deletes all that have a cursor", () => {
    check("deleteCells", "# %% a\n1\n# %% b\n¦2\n# %% c\n3\n", "# %% a\n1\n¦# %% c\n3\n");
    check("deleteCells", "# %% a\n¦1\n# %% b\n2\n# %% c\n¦3", "¦# %% b\n2");
    check("deleteCells", "# %% a\n1\n# %% b\n‹2\n# %% c\n¦3", "# %% a\n1¦");
    check("deleteCells", "# ---\n# jupyter:\n# ---\n# %% a\n¦1", "# ---\n# jupyter:\n# ---¦");
  });

  it("moves them over their neighbours", () => {
    check("moveCellsDown", "# %% a\n¦1\n\n# %% b\n2\n", "# %% b\n2\n\n# %% a\n¦1\n");
    check("moveCellsUp", "# %% a\n1\n\n# %% b\n2¦", "# %% b\n2¦\n\n# %% a\n1");
    check("moveCellsDown", "x¦\n\n# %% b\n2", "# %% b\n2\n\n# %%\nx¦");
    check("moveCellsUp", "x\n# %% b\n¦2\n", "# %% b\n¦2\n# %%\nx\n");
    check("moveCellsUp", "# %% a\n¦1\n# %% b\n", "# %% a\n¦1\n# %% b\n");
    check("moveCellsDown", "#%% a\n‹1\n#%% b\n¦2\n#%% c\n3\n", "#%% c\n3\n#%% a\n‹1\n#%% b\n¦2\n");
  });

  it("makes one of the selected lines, or splits it at the cursor", () => {
    check("extractCell", "# %% a\n1\n‹2\n¦3\n", "# %% a\n1\n\n# %%\n¦2\n\n# %%\n3\n");
    check("extractCell", "# %% a\n1\n\n¦2\n3\n", "# %% a\n1\n\n# %%\n¦2\n3\n");
    check("extractCell", "‹x = 1¦\n\ny = 2\n", "# %%\n¦x = 1\n\n# %%\ny = 2\n");
    check("extractCell", "# %% a\n¦1\n2\n", "# %% a\n¦1\n2\n");
    check("extractCell", "# %% [markdown]\n# a\n¦# b\n", "# %% [markdown]\n# a\n\n# %% [markdown]\n¦# b\n");
  });

  it("changes code to text and back", () => {
    const [code, text] = [
      "# %% a tags=['x']\n¦f(1)\n\n# note\n\n# %%\n",
      "# %% [markdown] a tags=['x']\n¦# f(1)\n#\n# # note\n\n# %%\n",
    ];
    check("changeCellToMarkdown", code, text);
    check("changeCellToCode", text, code);
    check("changeCellToMarkdown", "# %%\n¦# typed as text\n", "# %% [markdown]\n¦# typed as text\n");
    check("changeCellToMarkdown", "// %%\n¦a\n", "// %% [markdown]\n¦// a\n", "javascript");
    check("changeCellToMarkdown", "(* %% *)\n¦a\n", "(* %% [markdown] *)\n¦(* a *)\n", "ocaml");
    check(
      "changeCellToMarkdown",
      "# In[3]:\n¦a\n# %%\n¦b\n",
      "# %% [markdown]\n¦# a\n# %% [markdown]\n¦# b\n",
    );
  });

  it("keeps fences and the prose between them", () => {
    const text = "```{python}\n#| echo: false\n1\n```\n\nprose\n\n```{r, echo=FALSE}\n2\n```\n";
    const at = (code) => text.replace(code, `¦${code}`);
    check("insertCellBelow", at("2"), `${text}\n\`\`\`{r}\n¦\n\`\`\`\n`, "quarto");
    check("insertCellAbove", at("1"), `\`\`\`{python}\n¦\n\`\`\`\n\n${text}`, "quarto");
    check(
      "insertCellBelow",
      at("prose"),
      text.replace("prose\n", "prose\n\n```{python}\n¦\n```\n"),
      "quarto",
    );
    check(
      "moveCellsDown",
      at("1"),
      "```{r, echo=FALSE}\n2\n```\n\nprose\n\n```{python}\n#| echo: false\n¦1\n```\n",
      "quarto",
    );
    check("deleteCells", at("1"), text.replace(/^```[\s\S]*?```\n\n/, "¦"), "quarto");
    check("extractCell", at("1"), text.replace("1\n", "```\n\n```{python}\n¦1\n"), "quarto");
    check("changeCellToMarkdown", at("1"), at("1"), "quarto");
  });
});

describe("a selection of cells", () => {
  const text = "# %% a\n1\n\n# %% [markdown]\n# b\n\n# %%\n3";
  const at = (code) => text.replace(code, `¦${code}`);

  it("goes to the next and the previous one", () => {
    check("goToNextCell", at("1"), at("# b"));
    check("goToPreviousCell", at("3"), at("# b"));
    check("goToNextCell", at("3"), at("3"));
    check("goToNextCell", "¦---\n---\nprose\n```{r}\n1\n```\n", "---\n---\nprose\n```{r}\n¦1\n```\n", "rmd");
  });

  it("covers whole cells or what is in them", () => {
    check("selectCell", at("1"), `‹${text.replace("# %% [", "¦# %% [")}`);
    check("selectCell", at("3"), text.replace("# %%\n3", "‹# %%\n3¦"));
    check("selectCellContents", at("1"), text.replace("1", "‹1¦"));
    check("selectCellContents", "# %%\n¦1\n# %%\n¦2\n", "# %%\n‹1¦\n# %%\n‹2¦\n");
    check("selectCellContents", "```{r}\n¦1\n\n2\n```\n", "```{r}\n‹1\n\n2¦\n```\n", "rmd");
    check("extendSelectionByCellBelow", at("1"), `‹${text.replace("# %% [", "¦# %% [")}`);
    check(
      "extendSelectionByCellBelow",
      `‹${text.replace("# %% [", "¦# %% [")}`,
      `‹${text.replace("# %%\n3", "¦# %%\n3")}`,
    );
    check(
      "extendSelectionByCellAbove",
      `‹${text.replace("# %%\n3", "¦# %%\n3")}`,
      `‹${text.replace("# %% [", "¦# %% [")}`,
    );
    check("extendSelectionByCellAbove", at("3"), text.replace("# %%\n3", "¦# %%\n3‹"));
  });
});
