/*
 * Times for people: how long something took, how long ago it was, when it was.
 */

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

/** `35ms`, `0.8s`, `12s`, `2m58s`, `3h04m`, `41d`: two units at most. */
export function span(ms: number): string {
  const length = Math.max(0, ms);
  if (length < 95) return `${Math.round(length)}ms`;
  if (length < 9950) return `${(length / 1000).toFixed(1)}s`;
  const whole = Math.round(length / 1000) * 1000;
  const index = UNITS.findIndex(([, factor]) => whole >= factor);
  const [unit, factor] = UNITS[index] ?? UNITS[3];
  const next = UNITS[index + 1];
  const amount = Math.floor(whole / factor);
  if (next === undefined || unit === "d") return `${amount}${unit}`;
  const rest = Math.floor((whole % factor) / next[1]);
  return rest === 0
    ? `${amount}${unit}`
    : `${amount}${unit}${String(rest).padStart(2, "0")}${next[0]}`;
}

/** The largest unit alone: `3m`, `12s`, `2d`. */
export function age(ms: number): string {
  const length = Math.max(0, ms);
  const [unit, factor] = UNITS.find(([, each]) => length >= each) ?? UNITS[3];
  return `${Math.floor(length / factor)}${unit}`;
}

/** `last heard of 3m ago`. */
export function heardText(at: string, now: number): string {
  return `last heard of ${age(between(at, undefined, now))} ago`;
}

/** `asleep for 3h`. */
export function asleepText(since: string, now: number): string {
  return `asleep for ${age(between(since, undefined, now))}`;
}

/** The same for a time to come, rounded up: `10m` of just under ten minutes. */
export function untilThen(ms: number): string {
  const length = Math.max(0, ms);
  const [unit, factor] = UNITS.find(([, each]) => length > each) ?? UNITS[3];
  return `${Math.ceil(length / factor)}${unit}`;
}

/** The time of day here, with the day before it when that is not today. */
export function clockTime(ms: number, now: number): string {
  const at = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  if (at.toDateString() === new Date(now).toDateString()) return time;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** Milliseconds from one RFC 3339 time to another, or to `now`. */
export function between(from: string, to: string | undefined, now: number): number {
  return (to === undefined ? now : Date.parse(to)) - Date.parse(from);
}
