/** The outputs of one run. Applies the server's changes in order and makes no decisions. */

import type { Change, Output, StreamOutput } from "../server/protocol";

/** How a list of outputs has changed since the last update of its cell. */
export interface Touched {
  /** All outputs were dropped; the current ones were appended after that. */
  cleared: boolean;
  /** Indexes of outputs with changed content. */
  rewritten: Set<number>;
  /** Indexes of outputs with text appended. */
  grown: Set<number>;
}

export function untouched(): Touched {
  return { cleared: false, rewritten: new Set(), grown: new Set() };
}

/**
 * Applies changes as specified in docs/protocol.md, and records their effect in `touched`.
 *
 * Returns false if a kind is unknown or an index is missing; the caller then requests the outputs with getRun.
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
    stream.elided = { omitted: change.omitted, tail: change.tail, lines: change.lines };
    touched.grown.add(change.index);
  }
}
