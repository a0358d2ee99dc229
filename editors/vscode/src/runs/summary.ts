/** Describes a run as a short text after its code, and as Markdown. */

import type { MimeBundle, Output, Run } from "../server/protocol";
import { plain } from "../ui/ansi";
import { hasEnded, type RunEntry } from "./session";
import { markdownTable } from "./table";

const LONGEST = 160;
/** Maximum length of a hover. The notebook shows the whole output. */
const LONGEST_MARKDOWN = 20_000;
const LONGEST_LIVE_MARKDOWN = 2_000;
/** VS Code cuts Markdown after 100,000 characters. */
const LONGEST_PICTURES = 75_000;
/** A text that only names an object, such as `<Figure size 640x480 with 1 Axes>`. */
const NAME_ONLY = /^<[^<>\n]+>$/;

/** Whether an interrupt ended a run. The server knows the errors by which kernels report one. */
export function wasInterrupted({ summary }: Run): boolean {
  return summary?.state === "interrupted";
}

/** The server's summary of a run, or the last line printed while it is running. */
export function summary({ run, outputs }: RunEntry): string {
  const { text, state, duration } = run.summary ?? { text: "", state: run.state };
  if (wasInterrupted(run)) return `⊘ ${state}`;
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
  let pictures = LONGEST_PICTURES;
  const parts = [head];
  for (const output of outputs) {
    const part = outputMarkdown(output, room, run.summary?.text);
    const isPicture = /^!\[/.test(part);
    room -= isPicture ? 100 : part.length;
    pictures -= isPicture ? part.length : 0;
    if (pictures > 0) parts.push(part);
    if (room <= 0 || pictures <= 0) {
      parts.push("…");
      break;
    }
  }
  return parts.filter(Boolean).join("\n\n");
}

/** `said`: what the run displayed, in a few words. */
function outputMarkdown(output: Output, room: number, said: string | undefined): string {
  switch (output.output_type) {
    case "stream":
      return fenced(output.elided ? `${output.text}\n…\n${output.elided.tail}` : output.text, room);
    case "error":
      return fenced(output.traceback.join("\n") || `${output.ename}: ${output.evalue}`, room);
    default:
      return bundleMarkdown(output.data, room, said);
  }
}

function bundleMarkdown(data: MimeBundle, room: number, said: string | undefined): string {
  const picture = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"].find(
    (mime) => typeof data[mime] === "string",
  );
  if (picture !== undefined) {
    const base64 = asBase64(picture, data[picture] as string);
    if (base64 !== undefined) return `![${picture}](data:${picture};base64,${base64})`;
  }
  const page = data["text/html"];
  const table = typeof page === "string" ? markdownTable(page) : undefined;
  if (table !== undefined) return table;
  const text = data["text/markdown"];
  if (typeof text === "string") return plain(text.slice(0, room));
  const value = data["text/plain"] ?? data["text/latex"];
  if (typeof value === "string" && !NAME_ONLY.test(value)) return fenced(value, room);
  return fenced(said || Object.keys(data).join(", "), room);
}

/** The data of a picture as base64, if it is valid and VS Code can show it in Markdown. */
function asBase64(mime: string, value: string): string | undefined {
  const base64 = mime === "image/svg+xml" ? Buffer.from(value).toString("base64") : value.replace(/\s/g, "");
  return base64.length < LONGEST_PICTURES - 100 && /^[\w+/]+=*$/.test(base64) ? base64 : undefined;
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
