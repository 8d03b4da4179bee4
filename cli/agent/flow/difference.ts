/** Settings are short; of longer texts nobody reads a difference. */
const LINES_MAX = 2_000;

/** `- a line that is there`, `+ one that would be`; lines that are the same are left out. */
export function differenceLines(there: string, wanted: string): readonly string[] {
  const [before, after] = [there, wanted].map((text) => text.trimEnd().split("\n"));
  if (before === undefined || after === undefined) return [];
  if (before.length > LINES_MAX || after.length > LINES_MAX) return ["(too long to compare)"];
  const common = commonLengths(before, after);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const skipped = common[i + 1]?.[j] ?? -1;
    const added = common[i]?.[j + 1] ?? -1;
    if (i < before.length && j < after.length && before[i] === after[j]) {
      i += 1;
      j += 1;
    } else if (i < before.length && skipped >= added) {
      lines.push(`- ${before[i] ?? ""}`);
      i += 1;
    } else {
      lines.push(`+ ${after[j] ?? ""}`);
      j += 1;
    }
  }
  return lines;
}

/** Of the lines from each pair of places on: how many are common, in order. */
function commonLengths(
  before: readonly string[],
  after: readonly string[],
): readonly (readonly number[])[] {
  const table = Array.from({ length: before.length + 1 }, () =>
    new Array<number>(after.length + 1).fill(0),
  );
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const row = table[i] ?? [];
      const below = table[i + 1] ?? [];
      row[j] =
        before[i] === after[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return table;
}
