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

/*
 * A failure is stored as one value of at most 4 MiB, whatever was thrown. In the worst case a
 * character takes 6 bytes as JSON, or 3 when the text is JSON already: nine errors of 2 texts and
 * data make 9 x (2 x 16,384 x 6 + 65,536 x 3) bytes = 3.4 MiB.
 */

/** Characters kept of a message and of a stack. */
const TEXT_MAX = 16_384;
/** Characters of JSON above which `data` is left out. */
const DATA_MAX = 65_536;
/** Characters kept of a name and of a code. */
const WORD_MAX = 256;

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

/**
 * Whatever was thrown, as a failure small enough to be stored: long texts are cut. Never throws;
 * `data` is taken only when it is plain JSON, and not larger than 64 Ki characters.
 */
export function toFailure(thrown: unknown): Failure {
  return convert(thrown, CAUSES_MAX);
}

/** The inverse of `toFailure`, for code that wants to throw or reject. */
export function toError(failure: Failure): Error {
  return new FailureError(failure);
}

function convert(thrown: unknown, causesLeft: number): Failure {
  if (thrown instanceof FailureError) return thrown.failure;
  if (!(thrown instanceof Error))
    return { name: "Error", message: cut(describe(thrown), TEXT_MAX) };
  const { code, data, cause } = thrown as Error & { code?: unknown; data?: unknown };
  const json = toJson(data);
  return {
    name: cut(thrown.name, WORD_MAX),
    message: cut(thrown.message, TEXT_MAX),
    ...(thrown.stack !== undefined && { stack: cut(thrown.stack, TEXT_MAX) }),
    ...(typeof code === "string" && { code: cut(code, WORD_MAX) }),
    ...(json !== undefined && { data: json }),
    ...(cause !== undefined && causesLeft > 0 && { cause: convert(cause, causesLeft - 1) }),
  };
}

function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, max - 40)}... ${text.length} characters in all`;
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
    if (text === undefined || text.length > DATA_MAX) return undefined;
    return JSON.parse(text) as Json;
  } catch {
    return undefined; // A cycle or a BigInt: the error is worth more than its attachment.
  }
}
