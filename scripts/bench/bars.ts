import type { Report } from "./report.js";

/** What a measurement must not be below or above. */
export interface Bar {
  readonly bar: string;
  readonly measured: number;
  readonly min?: number;
  readonly max?: number;
}

/** Reports every bar and whether it holds; throws when one does not. */
export function judge(report: Report, bars: readonly Bar[]): void {
  const broken = bars.filter(
    ({ measured, min, max }) => !(measured >= (min ?? -Infinity) && measured <= (max ?? Infinity)),
  );
  for (const bar of bars) report.row({ ...bar, holds: !broken.includes(bar) });
  if (broken.length > 0) {
    throw new Error(`bars that do not hold: ${broken.map(({ bar }) => bar).join(", ")}`);
  }
}
