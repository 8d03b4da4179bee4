/** One measured figure or a row of them; keys are the columns. */
export type Row = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where a bench says what it saw. */
export interface Report {
  /** A measurement; printed as soon as it is there. */
  row(row: Row): void;
  /** A remark for people, such as versions or what a bar is; with `--json` a row of its own. */
  note(text: string): void;
}

/** For people one line a row, or with `json` one JSON object a line. */
export function createReport(json: boolean, print: (line: string) => void = console.log): Report {
  if (json) {
    return {
      row: (row) => print(JSON.stringify(row)),
      note: (text) => print(JSON.stringify({ note: text })),
    };
  }
  return {
    row: (row) =>
      print(
        Object.entries(row)
          .filter(([, value]) => value !== undefined)
          .map(([key, value]) => `${key} ${shown(value)}`)
          .join("   "),
      ),
    note: (text) => print(`# ${text}`),
  };
}

function shown(value: Row[string]): string {
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** The value below which a share `p` (0..1) of the sample lies. */
export function percentile(sample: readonly number[], p: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * p) - 1));
  return sorted[index] ?? Number.NaN;
}
