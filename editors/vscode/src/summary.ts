/** A run in few words, and as markdown. */

import { plain } from "./ansi";
import type { MimeBundle, Output, Run } from "./protocol";
import { hasEnded, type RunEntry } from "./session";

const LONGEST = 160;
/** A hover is for reading at a glance; the notebook has everything. */
const LONGEST_MARKDOWN = 20_000;
const LONGEST_LIVE_MARKDOWN = 2_000;

/** One line that says how a run stands: its result, its error, or the newest that it printed. */
export function summary({ run, outputs }: RunEntry): string {
  const text = lastLine(outputs);
  switch (run.state) {
    case "queued":
      return "⋯ waits";
    case "running":
      return clipped(`▷ ${text || "runs"}`);
    case "error":
      return clipped(`✗ ${run.error ? errorLine(run.error) : text || "failed"}`);
    case "ok":
      return clipped(text ? `→ ${text}` : `✓ ${duration(run) ?? ""}`);
    default:
      return clipped(`⊘ ${run.state}${run.reason ? `: ${run.reason}` : ""}`);
  }
}

export function errorLine({ ename, evalue }: { ename: string; evalue: string }): string {
  return plain([ename, evalue].filter(Boolean).join(": ")).replace(/\s*\n\s*/g, " ");
}

/** How long a run took or takes, as a person says it. */
export function duration({ startedAt, endedAt }: Run, now = Date.now()): string | undefined {
  if (startedAt === undefined) return undefined;
  const seconds = ((endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(startedAt)) / 1000;
  if (seconds < 1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function lastLine(outputs: readonly Output[]): string {
  const result = outputs.findLast(({ output_type: type }) => type === "execute_result") ?? outputs.at(-1);
  if (!result || result.output_type === "error") return "";
  if (result.output_type === "stream") {
    const text = plain(result.elided?.tail ?? result.text.slice(-4 * LONGEST));
    return text.trimEnd().split("\n").at(-1)?.trim() ?? "";
  }
  const text = plainText(result.data);
  if (text === undefined) return Object.keys(result.data).find((mime) => mime !== "text/plain") ?? "";
  const [first = "", ...rest] = plain(text).trim().split("\n");
  return rest.length > 0 ? `${first} …` : first;
}

/** What can be read of a bundle; IPython.display's classes have a text that says nothing. */
function plainText(data: MimeBundle): string | undefined {
  const texts = ["text/plain", "text/markdown", "text/latex"].map((mime) => data[mime]);
  if (/^<[\w.]+ object>$/.test(String(texts[0])) && Object.keys(data).length > 1) texts.shift();
  return texts.find((text) => typeof text === "string");
}

function clipped(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** Everything that a run has put out, as markdown; pictures as data. */
export function markdown({ run, outputs }: RunEntry): string {
  const took = duration(run);
  const count = run.executionCount === undefined ? "" : `**[${run.executionCount}]** `;
  const head = `${count}${run.state}${took ? ` · ${took}` : ""}`;
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
      return fenced(output.traceback.length > 0 ? output.traceback.join("\n") : errorLine(output), room);
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
  const value = plainText(data);
  return fenced(value ?? Object.keys(data).join(", "), room);
}

/** A code block whose fence is longer than any in the text. */
function fenced(text: string, room: number): string {
  const shown = plain(text.slice(0, 2 * room)).trimEnd();
  if (!shown) return "";
  const cut = Math.max(shown.length, text.length / 2) > room ? `${shown.slice(0, room)}\n…` : shown;
  const longest = Math.max(2, ...[...cut.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${cut}\n${fence}`;
}
