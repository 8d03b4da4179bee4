import { JobrunnerError } from "../common/error.js";
import type { Json, Store } from "../common/json.js";
import { toJson } from "./json-safe.js";
import { describe, follow, type Target, targetOf } from "./ref.js";

/** A body's inputs in the engine's words, and the way back to what the author asked for. */
export interface Bound {
  readonly requires: readonly string[];
  readonly optional: readonly string[];
  /** Symbols of those of `optional` that an atom provides: a reference is an edge all the same. */
  readonly follows: readonly string[];
  readonly rebind: Readonly<Record<string, string>>;
  readonly inject: Store;
  /** The author's input from the arguments that the engine hands over. */
  read(args: Store): Record<string, Json | undefined>;
}

/**
 * References become symbols, constants are injected. A part of a result (`site.dir`) is looked up
 * in the whole when the body runs, since symbols are whole results.
 */
export function bindInputs(inputs: Readonly<Record<string, unknown>>, who: string): Bound {
  const required: string[] = [];
  const optional: string[] = [];
  const follows: string[] = [];
  const rebind: Record<string, string> = {};
  const inject: Record<string, Json> = {};
  const paths: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(inputs)) {
    const target = targetOf(value);
    if (value === undefined) continue; // Left out, as an absent parameter is.
    if (target === undefined) inject[name] = constant(value, `input "${name}" of ${who}`);
    else {
      paths[name] = target.path;
      if (target.symbol !== name) rebind[name] = target.symbol;
    }
    (target?.optional === true ? optional : required).push(name);
    if (target?.optional === true && target.atom !== undefined) follows.push(target.symbol);
  }
  return {
    requires: required,
    optional,
    follows,
    rebind,
    inject,
    read: (args) =>
      Object.fromEntries(
        Object.keys(inputs).map((name) => [name, follow(args[name], paths[name] ?? [])]),
      ),
  };
}

/** A name that is rebound and asked for by nobody is a slip of the pen; throws BAD_FLOW. */
export function checkRebind(
  rebind: Readonly<Record<string, string>> | undefined,
  names: readonly string[],
  who: string,
): void {
  const extra = Object.keys(rebind ?? {}).filter((name) => !names.includes(name));
  if (extra.length === 0) return;
  const wanted = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
  throw new JobrunnerError(
    "BAD_FLOW",
    `rebind of ${who}: no argument "${extra.join('", "')}"; ${wanted}.`,
  );
}

function constant(value: unknown, what: string): Json {
  const inner = findRef(value, 0);
  if (inner !== undefined) {
    throw new JobrunnerError("BAD_FLOW", `${what} holds a reference inside: ${describe(inner)}.`, {
      hint: "Give the reference an input name of its own.",
    });
  }
  const checked = toJson(value);
  if ("json" in checked) return checked.json;
  throw new JobrunnerError("BAD_FLOW", `${what} is not JSON: ${checked.problem}.`);
}

function findRef(value: unknown, depth: number): Target | undefined {
  if (typeof value !== "object" || value === null || depth > 8) return undefined;
  const target = targetOf(value);
  if (target !== undefined) return target;
  for (const member of Object.values(value)) {
    const found = findRef(member, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
