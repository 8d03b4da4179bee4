import type { Append } from "./persistence.js";

/** Values above this are sent in a transaction of their own, bytes on the wire. */
const ALONE_MIN = 256 * 1024;

/** True when an append carries about 256 KiB or more; cheap, and never more work than that. */
export function isLarge({ changes, flow }: Pick<Append, "changes" | "flow">): boolean {
  const values: unknown[] = flow === undefined ? [] : [flow.spec, flow.params];
  for (const change of changes) {
    if (change.change === "saved") values.push(change.value);
    if (change.change === "atom") values.push(change.result);
    if ("failure" in change) values.push(change.failure);
  }
  let left = ALONE_MIN;
  // A list rather than recursion: values may be nested deeply, or even in a circle.
  while (values.length > 0 && left > 0) {
    const value = values.pop();
    left -= ownBytes(value, left);
    if (left > 0) for (const part of partsOf(value)) values.push(part);
  }
  return left <= 0;
}

/** Without its parts; counted no further than `enough`. */
function ownBytes(value: unknown, enough: number): number {
  if (value === undefined) return 0; // JSON leaves it out as well.
  if (typeof value === "string") return textBytes(value, enough);
  if (typeof value !== "object" || value === null) return 4;
  if (Array.isArray(value)) return 2 + value.length;
  return Object.keys(value).reduce((sum, key) => sum + textBytes(key, enough) + 2, 2);
}

function textBytes(text: string, enough: number): number {
  if (text.length >= enough) return text.length;
  let bytes = 2;
  for (let index = 0; index < text.length && bytes < enough; index += 1) {
    bytes += unitBytes(text.charCodeAt(index));
  }
  return bytes;
}

/** In JSON, within a text of SQL: a control character is \u0001, whose backslash is doubled. */
function unitBytes(unit: number): number {
  if (unit < 0x20) return 7;
  if (unit === 0x22 || unit === 0x5c) return 4;
  return unit < 0x80 ? 1 : 3;
}

function partsOf(value: unknown): readonly unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}
