import { incarnationOf } from "../../../boards/board.js";
import { JobrunnerError } from "../../../common/error.js";
import { isEnded, isStartable, type JobState, toSignature } from "../../../common/job.js";
import type { JobView } from "../../../common/wire.js";
import type { ReleaseRequest } from "../../../common/wire/verbs.js";
import type { Deprived, Ownership } from "../../../persistence/persistence.js";
import type { TellingOptions } from "../options.js";
import { noSuchJob, resolveId } from "../resolve.js";
import { viewOf } from "./viewing.js";

/**
 * P-40: takes a job from an owner that is dead or hangs. First persistence refuses the owner, then
 * the board gives up its claim, the one it had before: the same agent may have taken the job again
 * by then, as soundly as any other. Throws CONFLICT when nobody owns the job, or another than
 * named, and BOARD_DOWN, with nothing done, when the board cannot tell of the claim.
 */
export async function releaseJob(
  options: TellingOptions,
  part: string,
  { token, reason }: ReleaseRequest,
): Promise<JobView> {
  const { persistence, log, tell } = options;
  const id = await resolveId(persistence, part);
  const last = (await persistence.ownerships(id)).at(-1);
  const claimId = await claimOf(options, last);
  const released = await persistence.release(id, token ?? last?.token);
  if (released.released === "unknown") throw noSuchJob(id);
  if (released.released === "conflict") throw refused(id, released);
  const { from } = released;
  log.warn({ jobId: id, from: from.agent, token: from.token, reason }, "job taken from its owner");
  await freeClaim(options, id, { from, claimId });
  const view = await viewOf(options, id);
  if (last?.ended === undefined) {
    const told = reason === undefined ? "" : `: ${reason}`;
    tell({
      type: "job.released",
      job: id,
      flow: view.flow,
      reason: `taken from ${from.agent}${told}`,
    });
  }
  return view;
}

/** Of an ownership that was over before, none: what its agent holds may be a claim of later. */
async function claimOf(
  { board }: TellingOptions,
  last: Ownership | undefined,
): Promise<string | undefined> {
  if (last === undefined || last.ended !== undefined) return undefined;
  return (await board.held(incarnationOf(last.owner))).get(last.job);
}

interface Freed {
  readonly from: Deprived;
  readonly claimId: string | undefined;
}

/** For any agent, at once: this owner is not waited for, unlike one that was only not heard of. */
async function freeClaim(
  options: TellingOptions,
  id: string,
  { from, claimId }: Freed,
): Promise<void> {
  const { persistence, board, log, onPutFailed } = options;
  const row = await persistence.job(id);
  if (row === undefined || !isStartable(row.state)) return;
  if (row.token !== from.token + 1) return; // Somebody has it by now.
  try {
    if (claimId !== undefined) await board.abandon(id, claimId);
    const { priority } = row;
    await board.put([{ id, signature: toSignature(row.needs), priority, delayMs: 0 }]);
  } catch (error) {
    log.warn({ jobId: id, err: error }, "the board still has the claim of a job's former owner");
    onPutFailed();
  }
}

interface Refused {
  readonly state: JobState;
  readonly owner?: Deprived;
}

function refused(id: string, { state, owner }: Refused): JobrunnerError {
  if (owner !== undefined) {
    return new JobrunnerError("CONFLICT", `job ${id} belongs to ${owner.agent} by now`, {
      hint: "Look at it with jobrunner show before you take it from that one.",
    });
  }
  return new JobrunnerError("CONFLICT", `job ${id} is ${state}: nobody owns it`, {
    hint: isEnded(state) ? "It is over." : "jobrunner why tells what it waits for.",
  });
}
