/** The outputs of one run: the changes that the server sends, applied in order. Nothing is decided here. */

import type { Change, Output, StreamOutput } from "./protocol";

/** How a list of outputs has changed since somebody last looked. */
export interface Touched {
  /** All outputs were dropped; what stands in the list now was appended after that. */
  cleared: boolean;
  /** Outputs that are other than they were; one that only grew at its end is in `grown` instead. */
  rewritten: Set<number>;
  grown: Set<number>;
}

export function untouched(): Touched {
  return { cleared: false, rewritten: new Set(), grown: new Set() };
}

/**
 * Applies changes as docs/protocol.md says, and notes in `touched` what they did.
 *
 * False when a kind is unknown or an index is missing: the outputs are then to be asked for with getRun.
 */
export function apply(outputs: Output[], changes: readonly Change[], touched: Touched): boolean {
  for (const change of changes) {
    switch (change.kind) {
      case "append":
        outputs.push(change.output);
        break;
      case "clear":
        outputs.length = 0;
        touched.cleared = true;
        touched.rewritten.clear();
        touched.grown.clear();
        break;
      case "replace":
        if (change.index >= outputs.length) return false;
        outputs[change.index] = change.output;
        touched.rewritten.add(change.index);
        break;
      case "text":
      case "line":
      case "elide": {
        const stream = outputs[change.index];
        if (stream?.output_type !== "stream") return false;
        applyToStream(stream, change, touched);
        break;
      }
      default:
        return false;
    }
  }
  return true;
}

type StreamChange = Extract<Change, { kind: "text" | "line" | "elide" }>;

function applyToStream(stream: StreamOutput, change: StreamChange, touched: Touched): void {
  if (change.kind === "text") {
    stream.text += change.text;
    touched.grown.add(change.index);
  } else if (change.kind === "line") {
    stream.text = stream.text.slice(0, stream.text.lastIndexOf("\n") + 1) + change.text;
    touched.rewritten.add(change.index);
  } else {
    stream.elided = { omitted: change.omitted, tail: change.tail };
    touched.grown.add(change.index);
  }
}
