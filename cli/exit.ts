import { type ErrorCode, JobrunnerError } from "../common/error.js";
import type { JobDetailView, JobView } from "../common/wire.js";

/** Exit codes of every command; docs and scripts rely on them. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  notFound: 3,
  unauthorised: 4,
  unavailable: 5,
  conflict: 6,
  /** `--wait`, `wait`: the job failed and everything that ran was reverted. */
  reverted: 10,
  /** The job failed and something could not be reverted: a person is needed. */
  failed: 11,
  cancelled: 12,
  /** `why`, `capability test`: no agent that was asked can, now. */
  impossible: 13,
  /** The job is suspended: by somebody, or parked with a reason. */
  suspended: 14,
  /** `--timeout` ran out; the job goes on. */
  timeout: 124,
  /** Ctrl-C; the job goes on. */
  interrupted: 130,
} as const;

const CODES: Readonly<Partial<Record<ErrorCode, number>>> = {
  USAGE: EXIT.usage,
  UNKNOWN_FLOW: EXIT.usage,
  BAD_PARAMETERS: EXIT.usage,
  TOO_LARGE: EXIT.usage,
  NOT_JSON: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  UNAUTHORISED: EXIT.unauthorised,
  FORBIDDEN: EXIT.unauthorised,
  UNREACHABLE: EXIT.unavailable,
  PERSISTENCE_DOWN: EXIT.unavailable,
  BOARD_DOWN: EXIT.unavailable,
  BUSY: EXIT.unavailable,
  CONFLICT: EXIT.conflict,
  KEY_HELD: EXIT.conflict,
  FLOW_CHANGED: EXIT.conflict,
};

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof JobrunnerError)) return EXIT.internal;
  return CODES[error.code] ?? EXIT.internal;
}

/** What `wait` may wait for; without a word for SUCCESS. */
export const AIMS = ["success", "finished", "claimed"] as const;
export type Aim = (typeof AIMS)[number];

export type Waited = Pick<JobDetailView, "state" | "owners">;

/**
 * Of a job that is waited for; undefined as long as that may still come. One that is suspended is
 * waited for no longer, whatever for: somebody has to do something first.
 */
export function exitCodeFor(aim: Aim, job: Waited): number | undefined {
  const code = exitCodeOfJob(job.state);
  if (code === EXIT.suspended) return code;
  if (aim === "claimed" && isClaimed(job)) return EXIT.ok;
  return aim === "finished" && code !== undefined ? EXIT.ok : code;
}

/** An owner that died is none; one of a job that is over was, so that looking later is no matter. */
function isClaimed({ state, owners }: Waited): boolean {
  const last = owners.at(-1);
  return last !== undefined && (last.ended === undefined || exitCodeOfJob(state) !== undefined);
}

/** Of a job that is waited for no longer; undefined while it may still go on by itself. */
export function exitCodeOfJob(state: JobView["state"]): number | undefined {
  switch (state) {
    case "SUCCESS":
      return EXIT.ok;
    case "REVERTED":
      return EXIT.reverted;
    case "FAILURE":
      return EXIT.failed;
    case "CANCELLED":
      return EXIT.cancelled;
    case "SUSPENDED":
      return EXIT.suspended;
    case "SCHEDULED":
    case "WAITING":
    case "RUNNING":
    case "REVERTING":
      return undefined;
  }
}

/** An error as people read it: what and why, each wrong field, what to do. */
export function errorText(error: unknown): string {
  if (!(error instanceof JobrunnerError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return `error: ${text}\nhint:  this is a defect of jobrunner; please report it`;
  }
  const fields = fieldsOf(error.cause).map((field) => `       ${field}`);
  const hint = error.hint === undefined ? [] : [`hint:  ${error.hint}`];
  return [`error: ${error.message}`, ...fields, ...hint].join("\n");
}

function fieldsOf(cause: unknown): readonly string[] {
  if (!Array.isArray(cause)) return [];
  const list: readonly unknown[] = cause;
  return list.flatMap((field) => {
    if (typeof field !== "object" || field === null) return [];
    const { pointer, detail } = field as { pointer?: unknown; detail?: unknown };
    return typeof pointer === "string" && typeof detail === "string"
      ? [`${pointer} ${detail}`]
      : [];
  });
}
