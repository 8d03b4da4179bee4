import { JobrunnerError } from "../common/error.js";
import type { Change } from "../engine/journal.js";
import { type NewJob, RESULT_BYTES_MAX } from "./persistence.js";

/**
 * The changes of an append as they are stored. Throws TOO_LARGE when one of their values is above
 * RESULT_BYTES_MAX, NOT_JSON when one cannot be written as JSON.
 */
export function toBody(changes: readonly Change[]): string {
  const body = toJson(changes, "What the journal was given");
  if (body.length * 3 <= RESULT_BYTES_MAX) return body; // At most 3 bytes a UTF-16 unit.
  for (const change of changes) checkValue(change);
  return body;
}

export interface FlowTexts {
  readonly spec: string;
  readonly params: string;
}

export function bytesOfTexts({ spec, params }: FlowTexts): number {
  return Buffer.byteLength(spec) + Buffer.byteLength(params);
}

/** A flow and its parameters as they are stored; throws TOO_LARGE or NOT_JSON. */
export function toFlowTexts({ spec, params }: Pick<NewJob, "spec" | "params">): FlowTexts {
  return {
    spec: checkSize(toJson(spec, "The flow"), "The flow"),
    params: checkSize(toJson(params, "The parameters"), "The parameters"),
  };
}

function checkValue(change: Change): void {
  if (change.change === "saved") {
    checkSize(toJson(change.value, "A saved value"), `The value saved by "${change.atom}"`);
  } else if (change.change === "atom") {
    const value = change.failure ?? change.result ?? null;
    checkSize(toJson(value, "An outcome"), `The outcome of "${change.atom}"`);
  }
}

const MEBIBYTES_MAX = RESULT_BYTES_MAX / 1024 / 1024;

/** Throws TOO_LARGE when the text is above RESULT_BYTES_MAX; `what` begins the message. */
export function checkSize(json: string, what: string): string {
  const bytes = Buffer.byteLength(json);
  if (bytes <= RESULT_BYTES_MAX) return json;
  const mebibytes = (bytes / 1024 / 1024).toFixed(1);
  throw new JobrunnerError(
    "TOO_LARGE",
    `${what} is ${mebibytes} MiB as JSON; at most ${MEBIBYTES_MAX} MiB can be stored.`,
    { hint: "Store it elsewhere, and hand on where it is." },
  );
}

export function toJson(value: unknown, what: string): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new JobrunnerError("NOT_JSON", `${what} cannot be written as JSON.`, {
      hint: "Hand on plain data: no cycles, no BigInt.",
      cause,
    });
  }
}
