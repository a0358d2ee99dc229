/** Removes control sequences from terminal text, and makes untrusted text legible. */

// Control sequences (ECMA-48): CSI, OSC and the other strings, then single escapes and control characters.
const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches them
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[ -/]*[0-~]?|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

// Control characters, and characters that reorder text (UAX #9) or have no width. Same set as in
// kernel_bridge/escapes.py.
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches them
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|[\udb40-\udb43][\udc00-\udfff]/g;

export function plain(text: string): string {
  return text.replace(SEQUENCE, "");
}

/** Shows the hidden characters of an untrusted name or path as escapes: U+202E as `\\u202e`. */
export function legible(text: string): string {
  return text.replace(HIDDEN, (hidden) =>
    [...Array(hidden.length).keys()]
      .map((at) => `\\u${hidden.charCodeAt(at).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** Like `legible`, for texts in which VS Code draws `$(name)` as an icon. */
export function label(text: string): string {
  return legible(text).replace(/\$\(/g, "\\$(");
}
