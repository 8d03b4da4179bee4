import type { Json } from "./json.js";

/** An error as it is stored and sent: the only form in which one crosses a process or machine. */
export interface Failure {
  /** The error's class name, such as `TypeError`. */
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** A machine-readable code such as `EADDRINUSE`, when the error carried one. */
  readonly code?: string;
  /** What the thrower attached on purpose (`error.data`). */
  readonly data?: Json;
  readonly cause?: Failure;
}

/** Causes followed before the chain is cut: an error may be its own cause. */
const CAUSES_MAX = 8;

/** An error made from a stored failure; `toFailure` gives the very same failure back. */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = failure.name;
    this.failure = failure;
    if (failure.stack !== undefined) this.stack = failure.stack;
  }
}

/** Whatever was thrown, as a failure. Never throws; `data` is taken only when it is plain JSON. */
export function toFailure(thrown: unknown): Failure {
  return convert(thrown, CAUSES_MAX);
}

/** The inverse of `toFailure`, for code that wants to throw or reject. */
export function toError(failure: Failure): Error {
  return new FailureError(failure);
}

function convert(thrown: unknown, causesLeft: number): Failure {
  if (thrown instanceof FailureError) return thrown.failure;
  if (!(thrown instanceof Error)) return { name: "Error", message: describe(thrown) };
  const { code, data, cause } = thrown as Error & { code?: unknown; data?: unknown };
  const json = toJson(data);
  return {
    name: thrown.name,
    message: thrown.message,
    ...(thrown.stack !== undefined && { stack: thrown.stack }),
    ...(typeof code === "string" && { code }),
    ...(json !== undefined && { data: json }),
    ...(cause !== undefined && causesLeft > 0 && { cause: convert(cause, causesLeft - 1) }),
  };
}

function describe(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "a value without a text was thrown"; // An object whose toString throws, or has none.
  }
}

/** A copy through JSON, so that nothing unserialisable reaches the journal. */
function toJson(value: unknown): Json | undefined {
  try {
    const text = JSON.stringify(value);
    return text === undefined ? undefined : (JSON.parse(text) as Json);
  } catch {
    return undefined; // A cycle or a BigInt: the error is worth more than its attachment.
  }
}
