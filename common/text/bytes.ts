/*
 * Amounts of bytes as people write them, "2GB", "512MiB", to and from numbers.
 */

/** What amounts are written in, the largest first. */
const BINARY = [
  ["TiB", 2 ** 40],
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
] as const;

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  ...Object.fromEntries(BINARY),
};

/** Whole bytes of "2GB" (10^9), "1.5GiB" (2^30), "100B"; undefined for anything else. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(text);
  const unit = UNITS[match?.[2] ?? ""];
  if (match === null || unit === undefined) return undefined;
  const bytes = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `6.9 GiB`, `512 MiB`, `40 B`: three digits are enough to compare by. */
export function formatBytes(bytes: number): string {
  const fitting = BINARY.find(([, size]) => bytes >= size);
  if (fitting === undefined) return `${Math.round(bytes)} B`;
  const [unit, size] = fitting;
  const amount = bytes / size;
  const digits = amount < 100 ? 1 : 0;
  return `${String(Number(amount.toFixed(digits)))} ${unit}`;
}
