/** Strings of Python that span lines: what looks like a cell marker in one is text. Does not use VS Code. */

import type { Text } from "./text";

const TOKEN = /#.*|"""|'''|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?/g;

/** The lines that begin inside a string. A string that is never closed, such as one that is being typed, has none. */
export function quotedLines(document: Text): ReadonlySet<number> {
  const quoted = new Set<number>();
  let open: string | undefined;
  let inside: number[] = [];
  for (let line = 0; line < document.lineCount; line++) {
    let { text } = document.lineAt(line);
    if (open !== undefined) {
      inside.push(line);
      const end = text.replace(/\\./g, "  ").indexOf(open);
      if (end < 0) continue;
      text = text.slice(end + open.length);
      for (const each of inside) quoted.add(each);
      open = undefined;
    }
    [open, inside] = [openedBy(text), []];
  }
  return quoted;
}

/** The quotes of the string that a line begins and does not end. */
function openedBy(text: string): string | undefined {
  if (!text.includes('"""') && !text.includes("'''")) return undefined;
  const tokens = new RegExp(TOKEN);
  for (let token = tokens.exec(text); token; token = tokens.exec(text)) {
    const [quotes] = token;
    if (quotes !== '"""' && quotes !== "'''") continue;
    const end = text.slice(tokens.lastIndex).replace(/\\./g, "  ").indexOf(quotes);
    if (end < 0) return quotes;
    tokens.lastIndex += end + quotes.length;
  }
  return undefined;
}
