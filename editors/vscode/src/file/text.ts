/** The part of a document that the modules of cells read, so that they do not depend on VS Code. */

export interface Text {
  languageId: string;
  lineCount: number;
  lineAt(line: number): { text: string };
}

/** The texts of the lines from `first` to `end`, which is excluded. */
export function lines(document: Text, first: number, end: number): string[] {
  return Array.from({ length: Math.max(end - first, 0) }, (_, index) => document.lineAt(first + index).text);
}
