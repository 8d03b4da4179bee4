import { JobrunnerError } from "../../../common/error.js";
import { ENDED, type EndState, isEnded, isWholeId, type JobState } from "../../../common/job.js";
import { parseDuration } from "../../../common/text/duration.js";
import type { GcRequest, GcView } from "../../../common/wire/verbs.js";
import type { TellingOptions } from "../options.js";
import { noSuchJob } from "../resolve.js";

/**
 * P-41: a job that is over, with its journal. Throws CONFLICT for any other. Takes its whole id:
 * asked again, as when an answer was lost, a part of it may have become a part of another job's.
 */
export async function removeJob(options: TellingOptions, text: string): Promise<void> {
  const { persistence, board, log, tell } = options;
  const id = text.toLowerCase();
  if (!isWholeId(id)) throw notWhole(text);
  const row = await persistence.job(id);
  const removed = await persistence.remove(id);
  if (removed.removed === "unknown") throw noSuchJob(id);
  if (removed.removed === "conflict") throw notOver(id, removed.state);
  tell({ type: "job.deleted", job: id, ...(row === undefined ? {} : { flow: row.needs.flow }) });
  try {
    await board.remove([id]);
  } catch (error) {
    // Whoever claims a stale entry finds no row and drops it (P-5).
    log.debug({ jobId: id, err: error }, "the board may have an entry of a job that is gone");
  }
}

/** P-41: of those that have been over for so long a bounded number. */
export async function removeOldJobs(
  { persistence, tell }: TellingOptions,
  { olderThan, states }: GcRequest,
): Promise<GcView> {
  const ageMs = parseDuration(olderThan);
  if (ageMs === undefined) {
    throw new JobrunnerError("USAGE", "/olderThan is not a duration", {
      hint: "Write it as 30d or 12h.",
      cause: [{ pointer: "/olderThan", detail: "is not a duration" }],
    });
  }
  const gone = await persistence.removeOld({ ageMs, ...(states && { states: states.map(toEnd) }) });
  if (gone.removed > 0) tell({ type: "jobs.removed", count: gone.removed });
  return gone;
}

function toEnd(text: string): EndState {
  const state = text as JobState;
  if (isEnded(state)) return state;
  throw new JobrunnerError("USAGE", `"${text}" is no state in which a job is over`, {
    hint: `Only jobs that are over are removed: ${ENDED.join(", ")}.`,
    cause: [{ pointer: "/states", detail: "is not an end state" }],
  });
}

function notWhole(text: string): JobrunnerError {
  return new JobrunnerError("NOT_FOUND", `"${text}" is not the whole id of a job`, {
    hint: "Only whole ids are deleted: read it from the job, which a part of its id finds.",
  });
}

function notOver(id: string, state: JobState): JobrunnerError {
  return new JobrunnerError("CONFLICT", `job ${id} is ${state}: it cannot be deleted`, {
    hint: "Only a job that is over can: end it with jobrunner cancel, and wait for that.",
  });
}
