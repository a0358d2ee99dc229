/** Describes a run as a short text after its code, and as Markdown. */

import type { MimeBundle, Output } from "../server/protocol";
import { plain } from "../ui/ansi";
import { hasEnded, type RunEntry } from "./session";

const LONGEST = 160;
/** Maximum length of a hover. The notebook shows the whole output. */
const LONGEST_MARKDOWN = 20_000;
const LONGEST_LIVE_MARKDOWN = 2_000;

/** The server's summary of a run, or the last line printed while it is running. */
export function summary({ run, outputs }: RunEntry): string {
  const { text, state, duration } = run.summary ?? { text: "", state: run.state };
  switch (run.state) {
    case "queued":
      return `⋯ ${state}`;
    case "running":
      return `▷ ${newestLine(outputs) || state}`;
    case "ok":
      return text ? `→ ${text}` : `✓ ${duration ?? ""}`;
    case "error":
      return `✗ ${text}`;
    default:
      return `⊘ ${text ? `${state}: ${text}` : state}`;
  }
}

function newestLine(outputs: readonly Output[]): string {
  const output = outputs.findLast((one) => one.output_type === "stream");
  const text = plain(output?.elided?.tail ?? output?.text.slice(-4 * LONGEST) ?? "");
  const line = text.trimEnd().split("\n").at(-1)?.trim() ?? "";
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

/** The output of a run as Markdown, with images as data URIs. */
export function markdown({ run, outputs }: RunEntry): string {
  const { state, duration } = run.summary ?? { state: run.state };
  const count = run.executionCount === undefined ? "" : `**[${run.executionCount}]** `;
  const head = [`${count}${state}`, duration].filter(Boolean).join(" · ");
  let room = hasEnded(run) ? LONGEST_MARKDOWN : LONGEST_LIVE_MARKDOWN;
  const parts = [head];
  for (const output of outputs) {
    const part = outputMarkdown(output, room);
    room -= /^!\[/.test(part) ? 100 : part.length;
    parts.push(part);
    if (room <= 0) {
      parts.push("…");
      break;
    }
  }
  return parts.filter(Boolean).join("\n\n");
}

function outputMarkdown(output: Output, room: number): string {
  switch (output.output_type) {
    case "stream":
      return fenced(output.elided ? `${output.text}\n…\n${output.elided.tail}` : output.text, room);
    case "error":
      return fenced(output.traceback.join("\n") || `${output.ename}: ${output.evalue}`, room);
    default:
      return bundleMarkdown(output.data, room);
  }
}

function bundleMarkdown(data: MimeBundle, room: number): string {
  for (const mime of ["image/png", "image/jpeg", "image/gif"]) {
    const value = data[mime];
    const base64 = typeof value === "string" ? value.replace(/\s/g, "") : "";
    if (/^[\w+/]+=*$/.test(base64)) return `![${mime}](data:${mime};base64,${base64})`;
  }
  const text = data["text/markdown"];
  if (typeof text === "string") return plain(text.slice(0, room));
  const value = data["text/plain"] ?? data["text/latex"];
  return fenced(typeof value === "string" ? value : Object.keys(data).join(", "), room);
}

/** A code block with a fence longer than any in the text. */
function fenced(text: string, room: number): string {
  const shown = plain(text.slice(0, 2 * room)).trimEnd();
  if (!shown) return "";
  const cut = Math.max(shown.length, text.length / 2) > room ? `${shown.slice(0, room)}\n…` : shown;
  const longest = Math.max(2, ...[...cut.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${cut}\n${fence}`;
}
