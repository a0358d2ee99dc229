/** Terminal text without what only a terminal understands. */

// Control sequences (ECMA-48): CSI, OSC and the other strings, then single escapes.
const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]|[\u0000-\u0008\u000b-\u001f\u007f]/g;

export function plain(text: string): string {
  return text.replace(SEQUENCE, "");
}
