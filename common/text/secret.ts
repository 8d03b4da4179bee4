import type { Json, Store } from "../json.js";

/*
 * Parameters that a flow marks as secret: stored as they are, so that any owner can go on, and
 * shown to nobody. What a task writes of them is found by its text.
 */

/** What stands for a value that is not shown. */
export const MASK = "***";

/** Shorter texts stand for themselves: taking them out of everything would tell more than it hides. */
const CHARS_MIN = 4;

export type Redact = (text: string) => string;

/** The parameters as they may be shown. */
export function maskedParams(params: Store, names: readonly string[] = []): Store {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, names.includes(name) ? MASK : value]),
  );
}

/**
 * Takes the values of these parameters out of texts: as they are, line by line, and as JSON and
 * URLs write them. Undefined when there is nothing to take out.
 */
export function redactorOf(params: Store, names: readonly string[] = []): Redact | undefined {
  const texts = names.flatMap((name) => textsOf(params[name])).flatMap(waysToWrite);
  const found = [...new Set(texts)].filter((text) => text.length >= CHARS_MIN);
  // The longest first: a part of one may be another one.
  const ordered = found.sort((a, b) => b.length - a.length);
  if (ordered.length === 0) return undefined;
  return (text) => ordered.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
}

/** The same value with every text in it redacted; names of members stay. */
export function redacted<T>(value: T, redact: Redact | undefined): T {
  return redact === undefined ? value : (walk(value, redact) as T);
}

function walk(value: unknown, redact: Redact): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value === "number") return redact(String(value)) === String(value) ? value : MASK;
  if (Array.isArray(value)) return value.map((each) => walk(each, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, walk(each, redact)]),
  );
}

function textsOf(value: Json | undefined): readonly string[] {
  if (typeof value === "string") return [value, ...value.split(/\r?\n/)];
  if (typeof value === "number") return [String(value)];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

function waysToWrite(text: string): readonly string[] {
  const half = /\p{Surrogate}/gu; // Half a character, of which no URL can be made.
  return [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text.replaceAll(half, ""))];
}
