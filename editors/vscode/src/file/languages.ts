import { COMMENTS, FENCED } from "../server/vocabulary";

/** VS Code's IDs of languages that have a Jupyter kernel, or fences with code of such languages. */
export const LANGUAGES = [...COMMENTS.keys(), ...FENCED];

/** The URI scheme of notebook cells. */
export const CELL = "vscode-notebook-cell";

/** VS Code's types of notebooks: .ipynb files, and interactive windows, which show results. */
export const JUPYTER_NOTEBOOK = "jupyter-notebook";
export const INTERACTIVE = "interactive";
export const NOTEBOOKS = [JUPYTER_NOTEBOOK, INTERACTIVE];

/** Documents whose code can run. */
export const DOCUMENTS = ["file", "untitled"].flatMap((scheme) =>
  LANGUAGES.map((language) => ({ scheme, language })),
);

/** Documents that are synchronized with the server: those above, and the cells of notebooks. */
export const SYNCED = [...DOCUMENTS, ...NOTEBOOKS.map((notebook) => ({ scheme: CELL, notebook }))];
