import { createHash } from "node:crypto";
import type { FlowSpec } from "../engine/flow.js";

/**
 * Structural hash of a built flow; equal for equal structure, whatever the order of keys. What is
 * shown of its parameters is none of its structure.
 */
export function flowHash(spec: FlowSpec): string {
  return hashJson({ ...spec, secrets: undefined });
}

/** Hash of a JSON value, independent of the order of keys: 32 hexadecimal digits. */
export function hashJson(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex").slice(0, 32);
}

/** JSON text with sorted keys; undefined members are left out, as JSON does. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.join(",")}}`;
}
