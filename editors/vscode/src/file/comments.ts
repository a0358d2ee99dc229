/** Comments on one line, in each language that has a kernel. */

import { COMMENT_ENDS, COMMENTS } from "../server/vocabulary";

/** What starts a comment, the usual prefix first. */
export function prefixes(language: string): readonly string[] {
  return COMMENTS.get(language) ?? ["#"];
}

/** What closes a comment on its line; empty in most languages. */
export function closing(language: string): string {
  return COMMENT_ENDS.get(language) ?? "";
}

/** A text as a comment. */
export function comment(text: string, language: string): string {
  return [prefixes(language)[0], text, closing(language)].filter(Boolean).join(" ");
}

export function isComment(line: string, language: string): boolean {
  return prefixes(language).some((prefix) => line.trimStart().startsWith(prefix));
}

/** The text of a comment without one space after its prefix; other lines as they are. */
export function uncomment(line: string, language: string): string {
  const text = line.trimStart();
  const prefix = prefixes(language).find((each) => text.startsWith(each));
  if (prefix === undefined) return line;
  const inside = text.slice(prefix.length).replace(/^ /, "");
  const end = closing(language);
  if (end === "" || !inside.trimEnd().endsWith(end)) return inside;
  return inside.trimEnd().slice(0, -end.length).replace(/ $/, "");
}
