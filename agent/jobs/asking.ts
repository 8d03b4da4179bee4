import { JobrunnerError } from "../../common/error.js";
import { isCancel, isEnded, isStartable, type JobState } from "../../common/job.js";
import type { JobVerb, JobView } from "../../common/wire.js";
import type { Asked, JobRow, HookCall } from "../../persistence/persistence.js";
import type { Tell } from "../events/telling/told.js";
import { nextOwner } from "../owner/owner-name.js";
import { offerSlots } from "./controls/slots.js";
import type { TellingOptions } from "./options.js";
import { putOnBoard } from "./posting.js";
import { noSuchJob, resolveId } from "./resolve.js";
import { viewOf } from "./verbs/viewing.js";

/** What somebody wants of a job. */
export interface Ask {
  readonly verb: JobVerb;
  /** Of a cancel: whether what ran is reverted. */
  readonly revert: boolean;
  /** Of a cancel: why, for people. */
  readonly reason?: string | undefined;
}

export interface AskAnswer {
  /** False: its owner, or the next one, has still to obey. */
  readonly done: boolean;
  readonly view: JobView;
}

/**
 * P-24: durable first; then whoever has to act is told. Asking again changes nothing. Throws
 * NOT_FOUND, USAGE for an ambiguous id, and CONFLICT when the job's state excludes it.
 */
export async function askJob(options: TellingOptions, part: string, ask: Ask): Promise<AskAnswer> {
  const { persistence } = options;
  const id = await resolveId(persistence, part);
  const before = await persistence.job(id);
  const asked = await write(options, { id, flow: before?.needs.flow ?? "" }, ask);
  if (asked.asked === "unknown") throw noSuchJob(id);
  if (asked.asked === "conflict") throw await excluded(options, id, { ask, state: asked.state });
  if (asked.asked === "done") options.hooks?.wake();
  await tellBoard(options, id);
  const row = await persistence.job(id);
  if (row === undefined) throw noSuchJob(id);
  if (row.request !== undefined) options.requested(id, row.request);
  tellAsked(options.tell, { before, row, reason: ask.reason });
  // P-45: one that was suspended had a slot.
  if (isEnded(row.state) && row.concurrency) await offerSlots(options, row.concurrency.key);
  return { done: asked.asked === "done", view: await viewOf(options, id) };
}

interface Told {
  readonly before: JobRow | undefined;
  readonly row: JobRow;
  readonly reason: string | undefined;
}

/** What asking has changed by itself; what an owner does about it is told by that one. */
function tellAsked(tell: Tell, { before, row, reason }: Told): void {
  const about = { job: row.id, flow: row.needs.flow };
  if (before?.request !== row.request && row.request !== undefined) {
    const why = reason === undefined ? {} : { reason };
    tell({ type: "job.requested", ...about, request: row.request, ...why });
  }
  if (before === undefined || before.state === row.state) return;
  // An owner that has obeyed meanwhile told so.
  if (row.state === "RUNNING" || row.state === "REVERTING") return;
  tell({ type: "job.state", ...about, from: before.state, to: row.state });
  if (isEnded(row.state)) tell({ type: "job.finished", ...about, to: row.state });
}

interface Asking {
  readonly id: string;
  readonly flow: string;
}

function write(options: TellingOptions, { id, flow }: Asking, ask: Ask): Promise<Asked> {
  const { persistence, identity, hooks } = options;
  const { agent, machine, incarnation } = identity;
  const owner = nextOwner(incarnation);
  const calls = (state: JobState): readonly HookCall[] => hooks?.callsOf(owner, flow, state) ?? [];
  switch (ask.verb) {
    case "cancel": {
      const by = { agent, machine, owner, hooks: calls("CANCELLED") };
      return persistence.cancel(id, by, ask.revert, ask.reason);
    }
    case "suspend":
      return persistence.suspend(id, calls("SUSPENDED"));
    case "resume":
      return persistence.resume(id);
  }
}

/** The board follows the row; a second look, because somebody may ask the opposite meanwhile. */
async function tellBoard(options: TellingOptions, id: string): Promise<void> {
  const { persistence, board, log } = options;
  const row = await persistence.job(id);
  if (row === undefined) return;
  if (isStartable(row.state)) return putOnBoard(options, row);
  try {
    await board.remove([id]);
    const again = await persistence.job(id);
    if (again !== undefined && isStartable(again.state)) await putOnBoard(options, again);
  } catch (error) {
    // Whoever claims the stale entry finds the row and drops it (P-5).
    log.warn({ jobId: id, err: error }, "the board still offers a job that waits for nobody");
  }
}

async function excluded(
  { persistence }: TellingOptions,
  id: string,
  { ask: { verb }, state }: { readonly ask: Ask; readonly state: JobState },
): Promise<JobrunnerError> {
  const cancelled = isCancel((await persistence.job(id))?.request);
  const why = !isEnded(state) && cancelled ? "being cancelled" : state;
  return new JobrunnerError("CONFLICT", `job ${id} is ${why}: it cannot be ${DONE[verb]}`, {
    hint: isEnded(state)
      ? "It is over; to run it once more: jobrunner retry."
      : "A cancel is not taken back; wait for its end, or look at it with jobrunner show.",
  });
}

const DONE: Readonly<Record<JobVerb, string>> = {
  cancel: "cancelled",
  suspend: "suspended",
  resume: "resumed",
};
