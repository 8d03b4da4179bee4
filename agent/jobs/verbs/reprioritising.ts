import { JobrunnerError } from "../../../common/error.js";
import { isEnded, type JobState } from "../../../common/job.js";
import type { JobView } from "../../../common/wire.js";
import type { TellingOptions } from "../options.js";
import { putOnBoard } from "../posting.js";
import { noSuchJob, resolveId } from "../resolve.js";
import { viewOf } from "./viewing.js";

/** Looks at the row after telling the board: others may ask for other priorities meanwhile. */
const ROUNDS = 5;

/**
 * P-42. Throws CONFLICT for a job that does not wait. BOARD_DOWN: the job has its new priority and
 * the board may not; nobody compares the two later, so it has to be asked again.
 */
export async function reprioritiseJob(
  options: TellingOptions,
  part: string,
  priority: number,
): Promise<JobView> {
  const { persistence, tell } = options;
  const id = await resolveId(persistence, part);
  const asked = await persistence.reprioritise(id, priority);
  if (asked.asked === "unknown") throw noSuchJob(id);
  if (asked.asked === "conflict") throw excluded(id, asked.state);
  await tellBoard(options, id);
  const view = await viewOf(options, id);
  tell({ type: "job.reprioritised", job: id, flow: view.flow, priority });
  return view;
}

/** The entry gets what the row says, whoever wrote it last. */
async function tellBoard(options: TellingOptions, id: string): Promise<void> {
  const { persistence, board, log } = options;
  try {
    let told: number | undefined;
    for (let round = 0; round < ROUNDS; round += 1) {
      const row = await persistence.job(id);
      if (row?.state !== "WAITING" || row.priority === told) return;
      if (told === undefined) await putOnBoard(options, row); // Missing: with the new one at once.
      await board.reprioritise(id, row.priority);
      told = row.priority;
    }
  } catch (error) {
    log.warn({ jobId: id, err: error }, "the board did not hear of a job's new priority");
    throw untold(id, error);
  }
}

function untold(id: string, cause: unknown): JobrunnerError {
  const detail = `the board did not hear of the new priority of job ${id}, which is kept with the job`;
  return new JobrunnerError("BOARD_DOWN", detail, {
    ...{ cause, retryable: true },
    hint: "Ask for it again when the board is back: until then the job waits as before.",
  });
}

function excluded(id: string, state: JobState): JobrunnerError {
  return new JobrunnerError("CONFLICT", `job ${id} is ${state}: it cannot be reprioritised`, {
    hint: isEnded(state) ? "It is over." : "A priority is for jobs that wait.",
  });
}
