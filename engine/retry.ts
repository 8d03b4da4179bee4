import type { Failure } from "../common/failure.js";
import type { Json, Store } from "../common/json.js";
import type { Attempt, Outcome } from "./bodies.js";
import type { Backoff, RetryController } from "./flow.js";
import type { Decision } from "./journal.js";

/** A controller of the author's own lives in bodies; these are answered by the engine itself. */
export type BuiltIn = Exclude<RetryController, { readonly type: "custom" }>;

/** What the controller is asked with. */
export interface RetryQuestion {
  readonly controller: BuiltIn;
  readonly history: readonly Attempt[];
  readonly args: Store;
}

/** The value of the next attempt, or the failure to have one. */
export function nextValue({ controller, history, args }: RetryQuestion): Outcome {
  switch (controller.type) {
    case "times":
      return { ok: true, value: history.length + 1 };
    case "forEach":
      return firstOf(controller.values, history);
    case "parameterizedForEach": {
      const list = listOf(controller, args);
      return list === undefined ? noList(controller) : firstOf(list, history);
    }
    case "alwaysRevert":
    case "alwaysRevertAll":
      return { ok: true, value: null };
  }
}

/** What is to happen after the failure that the last attempt of `history` holds. */
export function decideRetry({ controller, history, args }: RetryQuestion): Decision {
  switch (controller.type) {
    case "times":
      if (history.length < controller.attempts) return "RETRY";
      break;
    case "forEach":
      if (unused(controller.values, history).length > 0) return "RETRY";
      break;
    case "parameterizedForEach":
      if (unused(listOf(controller, args) ?? [], history).length > 0) return "RETRY";
      break;
    case "alwaysRevert":
      return "REVERT";
    case "alwaysRevertAll":
      return "REVERT_ALL";
  }
  return controller.revertAll === true ? "REVERT_ALL" : "REVERT";
}

type FromArgument = Extract<BuiltIn, { readonly type: "parameterizedForEach" }>;

function listOf({ values = "values" }: FromArgument, args: Store): readonly Json[] | undefined {
  const list = args[values];
  return Array.isArray(list) ? (list as readonly Json[]) : undefined;
}

function noList({ values = "values" }: FromArgument): Outcome {
  return { ok: false, failure: { name: "TypeError", message: `"${values}" is not a list` } };
}

function firstOf(values: readonly Json[], history: readonly Attempt[]): Outcome {
  const [first] = unused(values, history);
  if (first !== undefined) return { ok: true, value: first };
  return { ok: false, failure: NOTHING_LEFT };
}

const NOTHING_LEFT: Failure = { name: "NotFound", message: "no value is left to try" };

/** Each attempt uses up one equal value; a value that stands twice is tried twice. */
function unused(values: readonly Json[], history: readonly Attempt[]): readonly Json[] {
  const left = [...values];
  for (const { value } of history) {
    const place = left.findIndex((candidate) => equal(candidate, value));
    if (place >= 0) left.splice(place, 1);
  }
  return left;
}

/** Equality of JSON values; the order of keys does not matter. */
function equal(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(b).length) return false;
  const left = new Map<string, Json>(Object.entries(a));
  const right = new Map<string, Json>(Object.entries(b));
  return keys.every((key) => {
    const [x, y] = [left.get(key), right.get(key)];
    return x !== undefined && y !== undefined && equal(x, y);
  });
}

/** Milliseconds before the attempt that follows `attempts` others; `random` is 0..1. */
export function backoffMs(backoff: Backoff, attempts: number, random: number): number {
  const { delayMs, factor = 1, maxMs = Number.MAX_SAFE_INTEGER, jitter = 0 } = backoff;
  const delay = delayMs * factor ** Math.max(0, attempts - 1);
  return Math.round(Math.min(delay * (1 + jitter * random), maxMs));
}
