/**
 * Where the cells of a file in the percent format are, for links, keys and menus. What runs is the server's to say.
 *
 * The server knows cells too (its document symbols), but it starts with the first run, and never in a workspace that
 * is not trusted; and a key that is pressed cannot wait for it. A test compares both.
 */

import type * as vscode from "vscode";

/** A marker line: a comment prefix of whatever language, then %% or, as nbconvert has it, In[3]. */
const MARKER = /^\s*(?:#|\/\/|--|%(?=\s)|;+|'|"|!|\*)\s*(?:%%|In\[[0-9 ]*\]:?\s*$)/;
const TEXT = /(?:%%|\s)\[(?:markdown|md|raw)\](?=\s|$)/i;

export interface Marker {
  line: number;
  /** Not of text, which is passed over. */
  isCode: boolean;
}

export function markers(document: vscode.TextDocument): Marker[] {
  const found: Marker[] = [];
  for (let line = 0; line < document.lineCount; line++) {
    const { text } = document.lineAt(line);
    if (isMarker(text)) found.push({ line, isCode: !TEXT.test(text) });
  }
  return found;
}

/** Whether a document has any marker. */
export function hasMarkers(document: vscode.TextDocument): boolean {
  for (let line = 0; line < document.lineCount; line++) if (isMarker(document.lineAt(line).text)) return true;
  return false;
}

function isMarker(text: string): boolean {
  return (text.includes("%%") || text.includes("In[")) && MARKER.test(text);
}
