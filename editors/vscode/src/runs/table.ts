/** Tables of HTML pages as Markdown. */

const LONGEST_PAGE = 200_000;
const MOST_ROWS = 20;
const MOST_COLUMNS = 12;
const LONGEST_CELL = 60;

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/** The first table of a page. Undefined if there is none, or if a cell spans several, which Markdown cannot show. */
export function markdownTable(page: string): string | undefined {
  const table = /<table\b.*?<\/table>/is.exec(page.slice(0, LONGEST_PAGE))?.[0];
  if (!table || /\b(row|col)span\s*=\s*["']?([2-9]|1\d)/i.test(table)) return undefined;
  const rows = [...table.matchAll(/<tr\b.*?<\/tr>/gis)].map(([row]) =>
    [...row.matchAll(/<(t[hd])\b[^>]*>(.*?)<\/\1>/gis)].map(([, , cell = ""]) => cellText(cell)),
  );
  const [head, ...body] = rows.filter((cells) => cells.length > 0);
  if (!head || body.length === 0) return undefined;
  const lines = [head, head.map(() => "---"), ...body.slice(0, MOST_ROWS)].map(line);
  return body.length > MOST_ROWS ? `${lines.join("\n")}\n\n…` : lines.join("\n");
}

function line(cells: readonly string[]): string {
  const shown = cells.length > MOST_COLUMNS ? [...cells.slice(0, MOST_COLUMNS - 1), "…"] : cells;
  return `| ${shown.join(" | ")} |`;
}

function cellText(cell: string): string {
  const text = cell
    .replace(/<[^<>]*>/g, " ")
    .replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[name] ?? all;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code < 0x11_0000 ? String.fromCodePoint(code) : all;
    })
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .trim();
  const short = text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL - 1)}…` : text;
  return short.replace(/[\\`*_{}[\]()#+\-.!|<>~&:@]/g, "\\$&");
}
