import type { Json } from "../common/json.js";
import type { Change } from "../engine/journal.js";

/** Values above this are sent in a transaction of their own, characters of JSON. */
const ALONE_MIN = 256 * 1024;

/** True when the changes carry about 256 KiB or more; cheap, and never more work than that. */
export function isLarge(changes: readonly Change[]): boolean {
  const values: Json[] = [];
  for (const change of changes) {
    if (change.change === "saved") values.push(change.value);
    if (change.change === "atom") values.push(change.result ?? null);
  }
  let left = ALONE_MIN;
  // A list rather than recursion: values may be nested deeply, or even in a circle.
  for (let value = values.pop(); value !== undefined; value = values.pop()) {
    left -= ownLength(value);
    if (left <= 0) return true;
    for (const part of partsOf(value)) values.push(part);
  }
  return false;
}

function ownLength(value: Json): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 4;
  return Array.isArray(value) ? 2 + value.length : Object.keys(value).join().length + 2;
}

function partsOf(value: Json): readonly Json[] {
  if (typeof value !== "object" || value === null) return [];
  const parts: readonly (Json | undefined)[] = Object.values(value);
  return parts.filter((part) => part !== undefined); // JSON leaves those out as well.
}
