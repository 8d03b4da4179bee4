import type { LogCursor } from "../../common/log.js";

/** Before every line. */
export const START: LogCursor = { token: 0, n: 0 };
/** Behind every line. */
export const END: LogCursor = { token: Number.MAX_SAFE_INTEGER, n: 0 };

/** `token.n`, as the API writes it. */
export function formatCursor({ token, n }: LogCursor): string {
  return `${token}.${n}`;
}

/** Undefined for a text that is none. */
export function parseCursor(text: string): LogCursor | undefined {
  const [, token, n] = /^(\d{1,15})\.(\d{1,15})$/.exec(text) ?? [];
  return token === undefined ? undefined : { token: Number(token), n: Number(n) };
}

export function isBehind(one: LogCursor, other: LogCursor): boolean {
  return one.token > other.token || (one.token === other.token && one.n > other.n);
}
