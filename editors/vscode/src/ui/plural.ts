/** Counts in texts. */

import { env, l10n } from "vscode";

/** A count as the user's language writes it: "2,000". */
export function counted(count: number): string {
  return count.toLocaleString(env.language);
}

/** The text for a count: `plural(runs, l10n.t("1 run"), l10n.t("{0} runs", counted(runs)))`. */
export function plural(count: number, one: string, many: string): string {
  return count === 1 ? one : many;
}

export function runsQueued(count: number): string {
  return plural(count, l10n.t("1 run queued"), l10n.t("{0} runs queued", counted(count)));
}
