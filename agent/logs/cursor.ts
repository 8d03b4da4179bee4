import type { LogCursor } from "../../common/log.js";

/** Before every line. */
export const START: LogCursor = { seq: 0, n: 0 };

/** `seq.n`, as the API writes it. */
export function formatCursor({ seq, n }: LogCursor): string {
  return `${seq}.${n}`;
}

/** Undefined for a text that is none. */
export function parseCursor(text: string): LogCursor | undefined {
  const [, seq, n] = /^(\d{1,15})\.(\d{1,15})$/.exec(text) ?? [];
  return seq === undefined ? undefined : { seq: Number(seq), n: Number(n) };
}

export function isBehind(one: LogCursor, other: LogCursor): boolean {
  return one.seq > other.seq || (one.seq === other.seq && one.n > other.n);
}
