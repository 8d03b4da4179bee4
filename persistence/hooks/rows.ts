import { type Columns, integer, isEmpty, text } from "../columns.js";
import { toState } from "../rows.js";
import type { TakenCall } from "./port.js";

/** Before it is taken: `tries` counts those before. */
export function toCall(row: Columns): TakenCall & { readonly dueAt: number } {
  return {
    id: text(row, "id"),
    hook: text(row, "hook"),
    job: text(row, "job"),
    state: toState(row),
    at: integer(row, "at"),
    tries: integer(row, "tries"),
    dueAt: integer(row, "due_at"),
  };
}

/** Of `min(due_at) AS due_at`. */
export function inMs(row: Columns | undefined, now: number): { readonly nextInMs?: number } {
  if (row === undefined || isEmpty(row, "due_at")) return {};
  return { nextInMs: Math.max(0, integer(row, "due_at") - now) };
}
