/**
 * Finds the cells of a file, for links, keys and menus. The server decides what runs.
 *
 * The server also knows cells (its document symbols), but it starts with the first run and never in an untrusted
 * workspace, and a key press cannot wait for it. A test compares both. Does not use VS Code.
 */

import { TEXT_KINDS } from "../server/vocabulary";
import { closing, isComment, prefixes, uncomment } from "./comments";
import { fences, isFenced } from "./fences";
import { quotedLines } from "./quoting";
import { lines, type Text } from "./text";

const TEXT = new RegExp(`(?:%%|\\s)\\[(${TEXT_KINDS.join("|")})\\](?=\\s|$)`, "i");

export interface Marker {
  line: number;
  /** False for text cells, which are skipped. */
  isCode: boolean;
}

export interface Cell {
  /** Line of the marker or the opening fence; of a cell without one, its first line. */
  first: number;
  /** Its last line. The cells of a script have no lines between them; fences may have. */
  last: number;
  kind: "code" | "markdown" | "raw";
  /** Whether it begins with a marker or a fence. */
  isMarked: boolean;
}

export function markers(document: Text): Marker[] {
  return marked(document).map(({ first, kind }) => ({ line: first, isCode: kind === "code" }));
}

/** All cells. The code before the first marker, or of a script without markers, is a cell too. */
export function cellsOf(document: Text): Cell[] {
  const found = marked(document);
  if (isFenced(document)) return found;
  const begin = headerEnd(document);
  const end = found[0]?.first ?? document.lineCount;
  const isUsed = found.length === 0 || lines(document, begin, end).some((text) => text.trim() !== "");
  const unmarked: Cell = { first: begin, last: end - 1, kind: "code", isMarked: false };
  return isUsed && begin < end ? [unmarked, ...found] : found;
}

/** The text of a text cell, which is in comments or, in Python, may be in a string. */
export function textOf(document: Text, { first, last }: Cell): string {
  const body = lines(document, first + 1, last + 1);
  const areComments = body.every((line) => line.trim() === "" || isComment(line, document.languageId));
  if (areComments)
    return body
      .map((line) => uncomment(line, document.languageId))
      .join("\n")
      .trim();
  const text = body.join("\n").trim();
  return /^[rR]?("""|''')([\s\S]*)\1$/.exec(text)?.[2]?.trim() ?? text;
}

/** The index of the cell on a line. In a script, each line is in a cell; -1 in the prose around fences. */
export function indexAt(document: Text, cells: Cell[], line: number): number {
  const index = cells.findLastIndex(({ first }) => first <= line);
  if (!isFenced(document)) return Math.max(index, 0);
  return line <= (cells[index]?.last ?? -1) ? index : -1;
}

/** Whether a document has any marker, between two of its lines unless it has fenced code. */
export function hasMarkers(document: Text, first = 0, end = document.lineCount): boolean {
  if (isFenced(document)) return fences(document).length > 0;
  const marker = markerOf(document.languageId);
  for (let line = first; line < Math.min(end, document.lineCount); line++)
    if (isMarker(document.lineAt(line).text, marker)) return true;
  return false;
}

/**
 * Whether links and keys are offered for the cells of a document. Most Markdown only shows code: there, they appear with
 * a fence in braces, a header that names a kernel, or the first run.
 */
export function offersCells(document: Text, hasKernel: boolean): boolean {
  if (document.languageId !== "markdown" || hasKernel) return hasMarkers(document);
  const found = fences(document);
  if (found.some(({ isChunk }) => isChunk)) return true;
  const header = lines(document, 0, found[0]?.first ?? 0);
  return header[0]?.trimEnd() === "---" && header.some((text) => /^(?:jupyter|kernelspec):/.test(text));
}

function marked(document: Text): Cell[] {
  if (isFenced(document))
    return fences(document).map(({ first, last }) => ({ first, last, kind: "code", isMarked: true }));
  const marker = markerOf(document.languageId);
  const found: Cell[] = [];
  let quoted: ReadonlySet<number> | undefined;
  for (let line = 0; line < document.lineCount; line++) {
    const { text } = document.lineAt(line);
    if (!isMarker(text, marker)) continue;
    if (document.languageId === "python") quoted ??= quotedLines(document);
    if (quoted?.has(line)) continue;
    const before = found.at(-1);
    if (before) before.last = line - 1;
    found.push({ first: line, last: document.lineCount - 1, kind: kindOf(text), isMarked: true });
  }
  return found;
}

function kindOf(marker: string): Cell["kind"] {
  if (marker.includes("<markdowncell>")) return "markdown";
  const word = TEXT.exec(marker)?.[1]?.toLowerCase();
  return word === undefined ? "code" : word === "raw" ? "raw" : "markdown";
}

/** The first line after a shebang, an encoding, and YAML in comments, as jupytext writes them. */
function headerEnd(document: Text): number {
  const text = (line: number) =>
    line < document.lineCount ? document.lineAt(line).text.replace(/^\ufeff/, "") : "";
  const isFence = (line: number) => uncomment(text(line), document.languageId).trimEnd() === "---";
  let line = /^#!\s*\//.test(text(0)) ? 1 : 0;
  if (/^(?!.*%%)\W.*coding[:=][ \t]*[-\w.]+/.test(text(line))) line++;
  if (!isFence(line)) return line;
  for (let end = line + 1; isComment(text(end), document.languageId); end++) if (isFence(end)) return end + 1;
  return line;
}

function isMarker(text: string, marker: RegExp): boolean {
  return (text.includes("%%") || text.includes("In[") || text.includes("cell>")) && marker.test(text);
}

/** Matches a marker line by the rules of source/percent.py. */
function markerOf(language: string): RegExp {
  const starts = [...prefixes(language)].sort((one, other) => other.length - one.length);
  const literal = (text: string) => text.replace(/[^\w]/g, "\\$&");
  const comments = starts.map((start) => {
    const blanks = start.endsWith("%") ? "[ \\t]+" : "[ \\t]*"; // lines of percent signs are decoration
    return literal(start) + blanks;
  });
  const end = literal(closing(language));
  const text = `%%+(?:[\\s\\[].*|${end}\\s*)?`;
  const other = `(?:<(?:code|markdown)cell>|In\\[[0-9 ]*\\]:?)\\s*${end}\\s*`;
  return new RegExp(`^\\ufeff?[ \\t\\f]*(?:${comments.join("|")})(?:${text}|${other})$`);
}
