/*
 * Where a reader of the cluster's feed is: the number of the last event it has of each agent.
 *
 *   nas-1~9f3c2a.4k,pixel-7~01d2ee.0      <agent>~<incarnation>.<number, base 36>
 *
 * Numbers begin again with each incarnation, so that a number of a dead one is never taken for one
 * of the next. The name tells of whom events are missing when nobody else knows any more.
 */

/** The last event that was read, by source. */
export type Vector = ReadonlyMap<string, number>;

/** Characters of an incarnation that tell it from others of the same name: 24 random bits. */
const SHORT = 6;
/** Longest cursor that is looked at: a few hundred agents. */
export const CURSOR_CHARS_MAX = 8_192;

export function sourceOf(agent: string, incarnation: string): string {
  return `${agent}~${incarnation.slice(0, SHORT)}`;
}

export function agentOf(source: string): string {
  return source.slice(0, source.lastIndexOf("~"));
}

export function formatPlace(source: string, n: number): string {
  return `${source}.${n.toString(36)}`;
}

export function formatCursor(vector: Vector): string {
  return [...vector].map(([source, n]) => formatPlace(source, n)).join(",");
}

/** Undefined for a text that is no cursor; the empty one is before everything. */
export function parseCursor(text: string): Vector | undefined {
  if (text.length > CURSOR_CHARS_MAX) return undefined;
  const vector = new Map<string, number>();
  for (const part of text === "" ? [] : text.split(",")) {
    const [, source, n] =
      /^([A-Za-z0-9_.:-]{1,64}~[A-Za-z0-9]{1,12})\.([0-9a-z]{1,10})$/.exec(part) ?? [];
    if (source === undefined || n === undefined) return undefined;
    vector.set(source, Number.parseInt(n, 36));
  }
  return vector;
}

/** Where a reader of a job's journal is: `<seq>.<index>`, the last event it has of the last entry. */
export interface JobPlace {
  readonly seq: number;
  readonly index: number;
}

export function formatJobPlace({ seq, index }: JobPlace): string {
  return `${seq}.${index}`;
}

/** `12.3`, or `12` for all of entry 12. Undefined for a text that is neither. */
export function parseJobPlace(text: string): JobPlace | undefined {
  const [, seq, index] = /^(\d{1,12})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (seq === undefined) return undefined;
  return { seq: Number(seq), index: index === undefined ? Infinity : Number(index) };
}

export function isAfter(place: JobPlace, { seq, index }: JobPlace): boolean {
  return place.seq > seq || (place.seq === seq && place.index > index);
}
