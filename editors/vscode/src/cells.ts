/** Where the cells of a file in the percent format are. What runs of them is the server's to say. */

import type * as vscode from "vscode";

/** A marker line: a comment prefix of whatever language, then %%. */
const MARKER = /^\s*(?:#|\/\/|--|%|;+|'|"|!|\*)\s?%%(?!%)/;
const TITLE = /^\s*\S{1,3}\s?%%\s*(?:\[(\w+)\])?\s*(.*?)\s*$/;

export interface Marker {
  line: number;
  /** `code` unless the marker says [markdown] or [raw]. */
  type: string;
  title: string;
}

export function markers(document: vscode.TextDocument): Marker[] {
  const found: Marker[] = [];
  for (let line = 0; line < document.lineCount; line++) {
    const { text } = document.lineAt(line);
    if (!text.includes("%%") || !MARKER.test(text)) continue;
    const [, type = "code", title = ""] = TITLE.exec(text) ?? [];
    found.push({ line, type: type === "md" ? "markdown" : type, title });
  }
  return found;
}

/** Whether a document has any marker. */
export function hasMarkers(document: vscode.TextDocument): boolean {
  return document.getText().includes("%%") && markers(document).length > 0;
}
