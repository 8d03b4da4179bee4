/**
 * Every error code of jobrunner, in one table: what it means and what the reader can do.
 * docs/errors.md lists the same codes; a test compares the two.
 */
export const ERROR_CODES = {
  USAGE: "The command line or the request cannot be understood.",
  UNKNOWN_FLOW: "No flow of that name is loaded.",
  BAD_PARAMETERS: "The parameters do not fit the flow's schema.",
  BAD_FLOW: "The flow's definition is wrong: nothing was posted.",
  UNAUTHORISED: "A token is missing, wrong or expired.",
  FORBIDDEN: "The token is good for less than this, or the request comes from another site.",
  NOT_FOUND: "There is no such job, agent or schedule.",
  CONFLICT: "The job is in a state, or the key in a use, that excludes this.",
  KEY_HELD: "Another job that is not over has this unique key.",
  UNREACHABLE: "No agent answers at that address.",
  PERSISTENCE_DOWN: "The database that holds the jobs does not answer.",
  BOARD_DOWN: "The board does not answer; posted jobs are durable and will run.",
  BUSY: "The agent is at one of its limits; the same request may succeed a moment later.",
  OWNERSHIP_LOST: "Another agent owns the job now; this one stopped and changed nothing.",
  RUNNER_DIED: "The process that runs flow code ended in the middle of a call.",
  NO_RUNNER: "The process that runs flow code could not be started.",
  TOO_LARGE: "A value is larger than the limit.",
  NOT_JSON: "A value cannot be stored as JSON.",
  BAD_RECORD: "A stored record cannot be read.",
  OTHER_VERSION: "The flow is of another version here than the one the job wants.",
  FLOW_CHANGED: "The flow differs from the one the job was posted with.",
  INTERNAL: "A defect of jobrunner.",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorOptions {
  /** What the reader can do about it, as one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** True when the same call may succeed later without any change. */
  readonly retryable?: boolean;
}

/** The one error class. `message` says what and why, `hint` what to do. */
export class JobrunnerError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "JobrunnerError";
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
  }
}

/** True when `error` is a JobrunnerError with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is JobrunnerError {
  return error instanceof JobrunnerError && codes.includes(error.code);
}
