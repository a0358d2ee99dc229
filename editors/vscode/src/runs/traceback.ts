/** Rewrites the frames of IPython's tracebacks that are in cells to the lines of the files that the cells came from. */

import * as vscode from "vscode";
import type { ErrorOutput, Run } from "../server/protocol";

/** A file, and the number of its line that is the first one of a cell. */
interface CellPlace {
  path: string;
  first: number;
}

const SGR = String.raw`(?:\u001b\[[\d;]*m)*`;
/** `Cell In[3], line 2`, at the start of an entry. */
const CELL = new RegExp(
  `^(\\s*)${SGR}Cell${SGR} ?${SGR} ?${SGR}In ?${SGR}\\[(\\d+)\\]${SGR}, line (\\d+)${SGR}`,
);
/** The number before a line of source: `      1 ` or `----> 2 `. */
const NUMBER = new RegExp(`^(${SGR})([-> ]*)(${SGR})(\\d+)(?=\\u001b|\\s|$)`);

/** The error of a run, with the lines of files. `runs` are those of the session, with the run. */
export function inFiles(error: ErrorOutput, run: Run, runs: Iterable<{ run: Run }>): ErrorOutput {
  const placeOf = (count: number) => {
    if (run.executionCount === undefined || run.executionCount === count) return placeOfSource(run);
    const { kernelId, epoch } = run;
    const others = [...runs].map((entry) => entry.run);
    const other = others.findLast(
      (each) => each.kernelId === kernelId && each.epoch === epoch && each.executionCount === count,
    );
    return other && placeOfSource(other);
  };
  return { ...error, traceback: error.traceback.map((entry) => inFile(entry, placeOf)) };
}

function placeOfSource({ textDocument, notebookDocument, range, source }: Run): CellPlace | undefined {
  if (!textDocument || notebookDocument || !range) return undefined;
  const uri = vscode.Uri.parse(textDocument.uri);
  if (uri.scheme !== "file") return undefined;
  const skipped = /^\s*/.exec(source)?.[0].split("\n").length ?? 1; // IPython drops blank lines at the start
  return { path: uri.fsPath, first: range.start.line + skipped };
}

function inFile(entry: string, placeOf: (count: number) => CellPlace | undefined): string {
  const cell = CELL.exec(entry);
  const place = cell && placeOf(Number(cell[2]));
  if (!place) return entry;
  const line = (number: string) => String(place.first + Number(number) - 1);
  const [head = "", ...source] = entry.slice(cell[0].length).split("\n");
  const renumbered = source.map((text) =>
    text.replace(NUMBER, (_all, open: string, arrow: string, colour: string, number: string) => {
      const wide = line(number);
      return open + arrow.slice(Math.min(wide.length - number.length, arrow.length)) + colour + wide;
    }),
  );
  return [`${cell[1]}File ${place.path}:${line(cell[3] ?? "1")}${head}`, ...renumbered].join("\n");
}
