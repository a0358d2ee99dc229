/** A count with its noun: "1 run", "2,000 runs". The noun must have a regular plural. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
