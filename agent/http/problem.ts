import { STATUS_CODES } from "node:http";
import { type ErrorCode, JobrunnerError } from "../../common/error.js";
import type { Problem } from "../../common/wire.js";
import { KeyHeld } from "../jobs/controls/key-held.js";
import { LIMITS } from "./limits.js";

export const PROBLEM_TYPE = "application/problem+json";

/** What is wrong at one place of a request. */
export interface FieldError {
  /** JSON pointer into the body, or `/name` of a query parameter. */
  readonly pointer: string;
  readonly detail: string;
}

const STATUS: Readonly<Record<ErrorCode, number>> = {
  USAGE: 400,
  UNKNOWN_FLOW: 422,
  BAD_PARAMETERS: 422,
  BAD_FLOW: 422,
  UNAUTHORISED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  KEY_HELD: 409,
  UNREACHABLE: 502,
  PERSISTENCE_DOWN: 503,
  BOARD_DOWN: 503,
  BUSY: 429,
  OWNERSHIP_LOST: 409,
  RUNNER_DIED: 503,
  NO_RUNNER: 503,
  TOO_LARGE: 413,
  NOT_JSON: 400,
  BAD_RECORD: 500,
  OTHER_VERSION: 409,
  FLOW_CHANGED: 409,
  INTERNAL: 500,
};

/** Thrown where the status says more than the code does: 405, 415, 421, a key conflict's 422. */
export class HttpError extends JobrunnerError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    error: JobrunnerError,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(error.code, error.message, {
      cause: error.cause,
      retryable: error.retryable,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
    this.status = status;
    this.headers = headers;
  }
}

export function statusOf(error: JobrunnerError): number {
  return error instanceof HttpError ? error.status : STATUS[error.code];
}

export function toProblem(error: JobrunnerError, instance?: string): Problem {
  const status = statusOf(error);
  const errors = fieldErrorsOf(error.cause);
  return {
    type: `urn:jobrunner:problem:${error.code.toLowerCase().replaceAll("_", "-")}`,
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail: error.message,
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(instance === undefined ? {} : { instance }),
    ...(error instanceof KeyHeld ? { holder: error.holder } : {}),
    ...(errors.length === 0 ? {} : { errors }),
  };
}

/** The list of places that came as an error's cause, as far as it is one. */
function fieldErrorsOf(cause: unknown): readonly FieldError[] {
  if (!Array.isArray(cause)) return [];
  const list: readonly unknown[] = cause;
  return list
    .filter(isFieldError)
    .slice(0, LIMITS.errors)
    .map(({ pointer, detail }) => {
      return { pointer, detail };
    });
}

function isFieldError(value: unknown): value is FieldError {
  if (typeof value !== "object" || value === null) return false;
  return (
    "pointer" in value &&
    typeof value.pointer === "string" &&
    "detail" in value &&
    typeof value.detail === "string"
  );
}
