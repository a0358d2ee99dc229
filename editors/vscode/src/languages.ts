import { COMMENTS } from "./vocabulary";

/** Languages that some Jupyter kernel runs, by VS Code's ids. */
export const LANGUAGES = [...COMMENTS.keys()];

/** The scheme of the documents that are cells of notebooks. */
export const CELL = "vscode-notebook-cell";

/** The documents whose code can be run. */
export const DOCUMENTS = ["file", "untitled"].flatMap((scheme) =>
  LANGUAGES.map((language) => ({ scheme, language })),
);

/** Documents that are synchronized with the server: these, and the cells of notebooks. */
export const SYNCED = [...DOCUMENTS, { scheme: CELL, notebook: "jupyter-notebook" }];
