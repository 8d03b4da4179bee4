import type { Json } from "../common/json.js";

/**
 * `T` where it is JSON, `never` where it is not, so that a Map, Date, function or bigint in a
 * result is a compile error at its place. Interfaces pass (they do not fit `Json` itself, which
 * wants an index signature).
 */
export type JsonSafe<T> = T extends Json | undefined
  ? T // Also stops at `Json` itself, which has no end.
  : T extends bigint | symbol | NotPlain
    ? never
    : T extends object
      ? { readonly [K in keyof T]: JsonSafe<T[K]> }
      : never;

type NotPlain =
  | ((...args: never[]) => unknown)
  | Date
  | RegExp
  | Promise<unknown>
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | ArrayBufferView
  | ArrayBuffer;

/** Depth beyond which a value is refused: deeper than anything sensible, shallower than a stack. */
const DEPTH_MAX = 200;

/**
 * The value as JSON, `undefined` members left out, or the place and kind of what is not JSON.
 * `undefined` itself becomes null: the result of a body that returns nothing.
 */
export function toJson(value: unknown): { readonly json: Json } | { readonly problem: string } {
  if (value === undefined) return { json: null };
  const problem = findProblem(value, "", []);
  if (problem !== undefined) return { problem };
  return { json: JSON.parse(JSON.stringify(value)) as Json };
}

function findProblem(value: unknown, at: string, above: readonly unknown[]): string | undefined {
  const place = at === "" ? "the value" : at;
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number") {
    return Number.isFinite(value) ? undefined : `${place} is ${value}, which JSON cannot hold`;
  }
  if (typeof value !== "object") return `${place} is a ${typeof value}, which JSON cannot hold`;
  if (above.includes(value)) return `${place} contains itself`;
  if (above.length >= DEPTH_MAX) return `${place} is nested deeper than ${DEPTH_MAX} levels`;
  const inside = [...above, value];
  if (Array.isArray(value)) return firstProblem(value.entries(), { at, inside, array: true });
  const prototype: unknown = Object.getPrototypeOf(value);
  // A plain object of another realm (vm, worker) has that realm's Object.prototype.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return `${place} is a ${value.constructor.name}, which JSON cannot hold`;
  }
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return `${place} has a toJSON function: return what it would make`;
  }
  return firstProblem(Object.entries(value), { at, inside, array: false });
}

interface Level {
  readonly at: string;
  readonly inside: readonly unknown[];
  readonly array: boolean;
}

function firstProblem(
  members: Iterable<readonly [string | number, unknown]>,
  level: Level,
): string | undefined {
  for (const [key, member] of members) {
    if (member === undefined && !level.array) continue; // Left out, as JSON.stringify does.
    const problem = findProblem(member, `${level.at}/${key}`, level.inside);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
