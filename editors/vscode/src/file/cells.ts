/**
 * Finds the cells of a file, for links, keys and menus. The server decides what runs.
 *
 * The server also knows cells (its document symbols), but it starts with the first run and never in an untrusted
 * workspace, and a key press cannot wait for it. A test compares both.
 */

import * as vscode from "vscode";
import { COMMENTS, TEXT_KINDS } from "../server/vocabulary";
import { fences, isFenced } from "./fences";

const TEXT = new RegExp(`(?:%%|\\s)\\[(?:${TEXT_KINDS.join("|")})\\](?=\\s|$)`, "i");

export interface Marker {
  line: number;
  /** False for text cells, which are skipped. */
  isCode: boolean;
}

export function markers(document: vscode.TextDocument): Marker[] {
  if (isFenced(document)) return fences(document).map(({ first }) => ({ line: first, isCode: true }));
  const marker = markerOf(document.languageId);
  const found: Marker[] = [];
  for (let line = 0; line < document.lineCount; line++) {
    const { text } = document.lineAt(line);
    if (isMarker(text, marker)) found.push({ line, isCode: !TEXT.test(text) });
  }
  return found;
}

/** Whether a document has any marker, between two of its lines unless it has fenced code. */
export function hasMarkers(document: vscode.TextDocument, first = 0, end = document.lineCount): boolean {
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
export function offersCells(document: vscode.TextDocument, hasKernel: boolean): boolean {
  if (document.languageId !== "markdown" || hasKernel) return hasMarkers(document);
  const found = fences(document);
  const header = document.getText(new vscode.Range(0, 0, found[0]?.first ?? 0, 0));
  return found.some(({ isChunk }) => isChunk) || /^---\r?\n[\s\S]*?^(?:jupyter|kernelspec):/m.test(header);
}

function isMarker(text: string, marker: RegExp): boolean {
  return (text.includes("%%") || text.includes("In[")) && marker.test(text);
}

/** Matches a marker line by the rules of source/cells.py: a comment with %%, or with In[3] as nbconvert writes it. */
function markerOf(language: string): RegExp {
  const comments = (COMMENTS.get(language) ?? ["#"]).map((comment) => {
    const blanks = comment.endsWith("%") ? "[ \\t]+" : "[ \\t]*"; // lines of percent signs are decoration
    return comment.replace(/[^\w]/g, "\\$&") + blanks;
  });
  return new RegExp(`^\\ufeff?[ \\t\\f]*(?:${comments.join("|")})(?:%%|In\\[[0-9 ]*\\]:?\\s*$)`);
}
