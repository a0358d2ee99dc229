import { COMMENTS, FENCED } from "../server/vocabulary";

/** VS Code's IDs of languages that have a Jupyter kernel, or fences with code of such languages. */
export const LANGUAGES = [...COMMENTS.keys(), ...FENCED];

/** The URI scheme of notebook cells. */
export const CELL = "vscode-notebook-cell";

/** Documents whose code can run. */
export const DOCUMENTS = ["file", "untitled"].flatMap((scheme) =>
  LANGUAGES.map((language) => ({ scheme, language })),
);

/** Documents that are synchronized with the server: those above, and the cells of notebooks. */
export const SYNCED = [...DOCUMENTS, { scheme: CELL, notebook: "jupyter-notebook" }];
