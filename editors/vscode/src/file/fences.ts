/** Finds the code cells of documents with fenced code by the rules of source/fences.py. A test compares both. */

import { FENCE_NAMES, FENCED, IN_PAGE } from "../server/vocabulary";
import type { Text } from "./text";

export interface Fence {
  /** Line of the opening fence. */
  first: number;
  /** Line of the closing fence, or the last line of the document. */
  last: number;
  /** By VS Code's name. */
  language: string;
  /** Whether its info string is in braces: its author means it to run. */
  isChunk: boolean;
}

export function isFenced({ languageId }: { languageId: string }): boolean {
  return FENCED.has(languageId);
}

export function fences(document: Text): Fence[] {
  const found: Fence[] = [];
  let inList = false;
  let line = afterHeader(document);
  while (line < document.lineCount) {
    const { text } = document.lineAt(line);
    inList = /^\s*(?:[-+*]|\d+[.)])\s/.test(text) || (inList && !/^\S/.test(text));
    const [, marks, info] = /^\s*(?:[-+*]|\d+[.)])?\s*(`{3,}(?=[^`]*$)|~{3,})\s*(.*)$/.exec(text) ?? [];
    if (marks !== undefined && (inList || /^ {0,3}[`~]/.test(text))) {
      const closing = new RegExp(`^\\s*${marks}${marks.charAt(0)}*\\s*$`);
      const next = after(document, line + 1, closing);
      const language = languageOf(info?.trim() ?? "");
      if (language !== undefined)
        found.push({ first: line, last: next - 1, language, isChunk: info?.startsWith("{") === true });
      line = next;
    } else line = /^\s*<!--/.test(text) ? after(document, line, /-->/) : line + 1;
  }
  return found;
}

/** The language of the code on a line: that of the fence around it, or of the document. */
export function languageAt(document: Text, line: number): string {
  if (!isFenced(document)) return document.languageId;
  const fence = fences(document).find(({ first, last }) => first <= line && line <= last);
  return fence?.language ?? document.languageId;
}

/** The name that fences have for the language of a kernel. */
export function fenceNameOf(kernelLanguage: string): string {
  return FENCE_NAMES.get(kernelLanguage.toLowerCase()) ?? kernelLanguage.toLowerCase();
}

/** The first line of the document that is not in its YAML header. */
function afterHeader(document: Text): number {
  if (!/^\ufeff?---\s*$/.test(document.lineAt(0).text)) return 0;
  const next = after(document, 1, /^(?:---|\.\.\.)\s*$/);
  return next < document.lineCount ? next : 0;
}

/** The line after the first one that matches. */
function after(document: Text, first: number, pattern: RegExp): number {
  for (let line = first; line < document.lineCount; line++)
    if (pattern.test(document.lineAt(line).text)) return line + 1;
  return document.lineCount;
}

/** The language that an info string names; undefined if its fence is prose. */
function languageOf(info: string): string | undefined {
  const [, inside, rest] = /^\{\s*(.*?)\s*\}\s*(\S*)/.exec(info) ?? [];
  if (inside === undefined) return /\.noeval\b/.test(info) ? undefined : known(nameIn(info));
  if (/^code-cell/i.test(inside)) return known(rest ?? "") ?? "python";
  if (/^[.#]/.test(inside))
    return [...inside.matchAll(/\.([\w+#-]+)/g)].map(([, name]) => known(name ?? "")).find(Boolean);
  const name = nameIn(inside);
  return IN_PAGE.has(name) ? undefined : known(name);
}

function nameIn(info: string): string {
  return /^[^\s,{}:=]*/.exec(info)?.[0] ?? "";
}

function known(name: string): string | undefined {
  return FENCE_NAMES.get(name.toLowerCase());
}
