/** The lines that begin and end a new cell, in the style of a cell near it. Does not use VS Code. */

import type { Cell } from "./cells";
import { closing, comment } from "./comments";
import type { Text } from "./text";

/** The start of a percent marker, as its author writes it. */
const STYLE = /^\ufeff?([ \t]*\S+?[ \t]*%%)(?!%)/;
const KIND = /\s*\[(?:markdown|md|raw)\](?=\s|$)/i;
const OPENING = /^(\s*)\W*?(`{3,}|~{3,})\s*(\{code-cell\}.*|\{?[^\s,}]*)/;

/** A marker for a cell of a script. */
export function marker(document: Text, near: Cell | undefined, kind: Cell["kind"] = "code"): string {
  const style = near?.isMarked ? STYLE.exec(document.lineAt(near.first).text)?.[1] : undefined;
  const word = kind === "code" ? "" : `[${kind}]`;
  if (style === undefined) return comment(["%%", word].filter(Boolean).join(" "), document.languageId);
  return [style, word, closing(document.languageId)].filter(Boolean).join(" ");
}

/** A marker line for another kind of cell; its title and options stay. */
export function markerOfKind(document: Text, cell: Cell, kind: Cell["kind"]): string {
  const { text } = document.lineAt(cell.first);
  const style = STYLE.exec(text);
  if (!style) return marker(document, undefined, kind);
  const rest = text.slice(style[0].length).replace(KIND, "");
  return style[0] + (kind === "code" ? "" : ` [${kind}]`) + rest;
}

/** The lines around the code of a fence like another one; of a Python fence if there is none. */
export function fenceLines(
  document: Text,
  near: Cell | undefined,
): { opening: string; closing: string; isClosed: boolean } {
  const [, indent = "", marks = "```", info = "{python}"] =
    (near && OPENING.exec(document.lineAt(near.first).text)) ?? [];
  const isCut = info.startsWith("{") && !info.includes("}"); // before the options
  const isClosed =
    !near || (near.last > near.first && document.lineAt(near.last).text.trim().startsWith(marks));
  return { opening: `${indent}${marks}${info}${isCut ? "}" : ""}`, closing: indent + marks, isClosed };
}
