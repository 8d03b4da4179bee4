/*
 * Amounts of bytes as people write them, "2GB", "512MiB", to and from numbers.
 */

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
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
  const unit = (["TiB", "GiB", "MiB", "KiB"] as const).find((each) => bytes >= (UNITS[each] ?? 1));
  if (unit === undefined) return `${Math.round(bytes)} B`;
  const amount = bytes / (UNITS[unit] ?? 1);
  const digits = amount < 100 ? 1 : 0;
  return `${String(Number(amount.toFixed(digits)))} ${unit}`;
}
