/*
 * Lengths of time as people write them, "250ms", "10s", "1h30m", to and from milliseconds.
 */

const FACTORS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

const PART = /(\d+(?:\.\d+)?)(ms|d|h|m|s)/gy;

/** Longest duration that is understood, milliseconds: ten years. */
export const DURATION_MS_MAX = 10 * 365 * 86_400_000;

/**
 * Milliseconds of "10s", "1.5h" or "1h30m", rounded to a whole number; undefined for anything else,
 * a number without a unit included, since nobody can tell seconds from milliseconds.
 */
export function parseDuration(text: string): number | undefined {
  let total = 0;
  let end = 0;
  for (const [part, amount, unit] of text.matchAll(PART)) {
    total += Number(amount) * FACTORS[unit as keyof typeof FACTORS];
    end += part.length;
  }
  if (end === 0 || end !== text.length || total > DURATION_MS_MAX) return undefined;
  return Math.round(total);
}

/** The text that `parseDuration` reads back as `ms` (a whole number, not negative). */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  let text = "";
  let rest = ms;
  for (const [unit, factor] of Object.entries(FACTORS)) {
    const amount = Math.floor(rest / factor);
    rest -= amount * factor;
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text;
}
