import { hasCode } from "../../common/error.js";
import { type EndState, isEnded, type StateReason } from "../../common/job.js";
import { createEngine, type EngineEnd } from "../../engine/engine.js";
import type { Change } from "../../engine/journal.js";
import { compile } from "../../engine/plan.js";
import type { Said } from "../../common/log.js";
import { redacted, redactorOf } from "../../common/text/secret.js";
import type { JobRow, OwnershipEnd } from "../../persistence/persistence.js";
import type { ExecuteOptions, Next, Try } from "./options.js";
import { flowHash } from "../flow-hash.js";
import { TaskOutput } from "../logs/task-output.js";
import { begin } from "./beginning/begin.js";
import { isHeldBack } from "./beginning/held-back.js";
import { changed, migrate } from "./migration.js";
import { discreet } from "../runner/output/discreet.js";
import { endOf, type JobOwnership } from "./ownership.js";
import { noteEnd, noteResumption, noteStart } from "./milestones.js";
import { DEATHS_MAX, poisonOf } from "./poison.js";
import type { JobBodies } from "../runner/runner.js";

/*
 * One ownership of a job from raise to leave.
 *
 *   begin (P-7, P-8) -> look (poison, suspended, changed flow) -> run the flow -> leave
 *                                                \-> migrate -> leave
 *
 * The flow of a job that nobody ever owned is built before it begins, so that the raise can ride
 * with the first append (P-11). Any other begins first: code that kills its runner while it loads
 * must leave a mark (P-25).
 */

/** Begins an ownership and keeps it until the flow ended, was left, or somebody else owns it. */
export async function tenure(attempted: Try, row: JobRow, options: ExecuteOptions): Promise<Next> {
  const { claim, alone } = attempted;
  const lazy = row.token === 0 && !alone && !isHeldBack(row);
  const output = new TaskOutput(options, row.id);
  let bodies: JobBodies | undefined;
  let ownership: JobOwnership | undefined;
  try {
    if (lazy) bodies = await open(attempted, row, output, options);
    const begun = await begin(attempted, row, lazy, options);
    if ("next" in begun) return begun;
    ownership = begun;
    output.begin(ownership.token);
    if (!claim.fresh()) return await giveBack(row.id, ownership, options); // P-6
    const over = endOf(ownership);
    if (over !== undefined) return await close(ownership, over);
    if (isMereCancel(row, ownership)) return await cancel(row, ownership, options);
    const poisoned = alone || row.token > 0 ? await poison(row, ownership, options) : undefined;
    if (poisoned !== undefined) return await park(row, ownership, poisoned, options);
    if (row.request === "suspend") return await suspend(row, ownership, options);
    bodies ??= await open(attempted, row, output, options);
    const { move } = bodies;
    if (move !== undefined) {
      const refused = await migrate(row, ownership, bodies, move);
      if (refused !== undefined) return await park(row, ownership, refused, options);
      return { next: "drop" }; // To the board under its new version, for any agent that has it.
    }
    if (flowHash(bodies.spec) !== row.flowHash) {
      return await park(row, ownership, changed(row, bodies.spec), options);
    }
    return await run({ attempted, row, ownership, bodies, output }, options);
  } catch (error) {
    const reason = parkReason(error);
    if (ownership === undefined && hasCode(error, "BAD_PARAMETERS", "BAD_FLOW")) {
      // Built before it was owned, and every other agent would fail in the same way.
      const begun = await begin(attempted, row, lazy, options);
      if (!("next" in begun)) ownership = begun;
    }
    if (ownership !== undefined && reason !== undefined) {
      return await park(row, ownership, reason, options);
    }
    if (ownership !== undefined) {
      await note({ job: row.id, ownership, ended: howItEnded(error, alone) }, options);
    }
    throw error;
  } finally {
    await bodies?.close(); // Before the claim is released: nothing of this owner runs on (P-22).
    await output.flush();
  }
}

async function open(
  attempted: Try,
  row: JobRow,
  output: TaskOutput,
  options: ExecuteOptions,
): Promise<JobBodies> {
  const { claim, alone } = attempted;
  const { runners, identity } = options;
  const redact = redactorOf(row.params, row.spec.secrets);
  const job = {
    ...{ job: row.id, flow: row.needs.flow, version: row.needs.version, params: row.params },
    agent: identity.agent,
    ...(row.traceparent === undefined ? {} : { traceparent: row.traceparent }),
    deadline: () => claim.deadline(),
    log: ({ text, ...said }: Said) => output.take({ ...said, text: redact?.(text) ?? text }),
  };
  return discreet(await runners.open(job, alone), redact);
}

async function poison(
  row: JobRow,
  ownership: JobOwnership,
  options: ExecuteOptions,
): Promise<StateReason | undefined> {
  const past = await options.persistence.ownerships(row.id);
  const resumedAt = row.resumedAtToken ?? 0;
  const earlier = past.filter(({ token }) => token > resumedAt && token < ownership.token);
  const { leaseMs } = options.board.traits;
  const now = options.databaseNow();
  const found = poisonOf(earlier, ownership.entries, { now, leaseMs });
  if (found === undefined || found.deaths < DEATHS_MAX) return undefined;
  const message = `${found.deaths} owners in a row died over ${found.subject}`;
  return { code: "POISON", message };
}

/** P-24, P-25: SUSPENDED in the journal and the row; the board forgets the job. */
async function park(
  row: JobRow,
  ownership: JobOwnership,
  found: StateReason,
  options: ExecuteOptions,
): Promise<Next> {
  // What differs, and what building it complained of, may hold parameters that nobody is shown.
  const { code, ...texts } = found;
  const reason = { code, ...redacted(texts, redactorOf(row.params, row.spec.secrets)) };
  await ownership.append([{ change: "flow", to: "SUSPENDED" }], { reason });
  options.log.warn({ ...reason, token: ownership.token }, "job parked");
  return { next: "drop", ...(await unusedSlot(row, ownership, options)) };
}

/** P-10: nothing is run; the row gets the state its journal has. */
async function close(ownership: JobOwnership, state: EndState): Promise<Next> {
  await ownership.append([], { state });
  return { next: "consume" };
}

async function suspend(
  row: JobRow,
  ownership: JobOwnership,
  options: ExecuteOptions,
): Promise<Next> {
  await ownership.append([{ change: "flow", to: "SUSPENDED" }]);
  return { next: "drop", ...(await unusedSlot(row, ownership, options)) };
}

/** P-45: a job that is suspended before anything of it ran keeps no slot from others. */
async function unusedSlot(
  { id, concurrency }: JobRow,
  ownership: JobOwnership,
  { persistence }: ExecuteOptions,
): Promise<{ readonly slotKey?: string }> {
  if (concurrency === undefined || hasBegun(ownership)) return {};
  await persistence.giveBackSlot(id, ownership.owner);
  return { slotKey: concurrency.key };
}

function hasBegun({ entries }: JobOwnership): boolean {
  return entries.some(({ changes }) => changes.some((change) => "atom" in change));
}

/** P-24: what needs no body needs neither the flow nor its runner, which may be what is broken. */
function isMereCancel({ request }: JobRow, ownership: JobOwnership): boolean {
  return request === "cancel-no-revert" || (request === "cancel" && !hasBegun(ownership));
}

async function cancel(
  row: JobRow,
  ownership: JobOwnership,
  options: ExecuteOptions,
): Promise<Next> {
  await ownership.append([
    { change: "cancel", revert: row.request === "cancel" },
    { change: "flow", to: "CANCELLED" },
  ]);
  noteEnd(row, "CANCELLED", options);
  return { next: "consume" };
}

interface Running {
  readonly attempted: Try;
  readonly row: JobRow;
  readonly ownership: JobOwnership;
  readonly bodies: JobBodies;
  readonly output: TaskOutput;
}

async function run(running: Running, options: ExecuteOptions): Promise<Next> {
  const { row, ownership, bodies, output } = running;
  const { claim, control } = running.attempted;
  const { clock, leaving, grace, databaseNow, progress, tell } = options;
  const [job, flow] = [row.id, row.needs.flow];
  noteResumption(row, ownership, options);
  let started = false;
  const engine = createEngine({
    plan: compile(row.spec),
    store: row.params,
    entries: ownership.entries,
    bodies,
    append: async (changes) => {
      // Who follows the log takes the end of the job for the end of its lines.
      if (changes.some(isEnd)) await output.flush();
      await ownership.append(changes);
      // Not before: a first append that is refused never was a start.
      if (!started) noteStart(row, ownership, options);
      started = true;
    },
    now: databaseNow,
    random: Math.random,
    sleep: (ms, signal) => clock.sleep(ms, signal),
    progress: (atom, fraction, note) => {
      const noted = note === undefined ? {} : { note };
      progress.note(job, atom, { fraction, ...noted, at: databaseNow() });
      tell({ type: "atom.progress", job, flow, atom, fraction, ...noted });
    },
    job: row.id,
  });
  const lost = () => engine.abort(asError(claim.lost.reason));
  const leave = () => engine.leave("handover", grace);
  claim.lost.addEventListener("abort", lost);
  leaving.addEventListener("abort", leave);
  if (row.request !== undefined) control.request(row.request);
  control.attach(engine);
  if (leaving.aborted) leave();
  if (claim.lost.aborted) lost();
  try {
    return after(row, await engine.run(), options);
  } finally {
    control.detach();
    progress.forget(row.id);
    claim.lost.removeEventListener("abort", lost);
    leaving.removeEventListener("abort", leave);
  }
}

function isEnd(change: Change): boolean {
  return change.change === "flow" && change.to !== "PENDING" && isEnded(change.to);
}

function after(row: JobRow, end: EngineEnd, options: ExecuteOptions): Next {
  const { log } = options;
  if ("ended" in end) {
    noteEnd(row, end.ended, options);
    return { next: "consume" };
  }
  log.info({ jobId: row.id, flow: row.needs.flow, left: end.left }, "job left");
  return end.left === "handover" ? { next: "abandon" } : { next: "drop" };
}

/** Errors that the same job brings to every owner: it is parked, never retried for ever. */
function parkReason(error: unknown): StateReason | undefined {
  if (hasCode(error, "FLOW_CHANGED", "UNKNOWN_FLOW", "BAD_PARAMETERS")) {
    return { code: "FLOW_CHANGED", message: error.message };
  }
  if (hasCode(error, "BAD_RECORD", "BAD_FLOW")) {
    return { code: "BAD_RECORD", message: error.message };
  }
  return undefined;
}

/** Why the ownership ends without a word in the journal, for the next owner's count of deaths. */
function howItEnded(error: unknown, alone: boolean): OwnershipEnd {
  if (hasCode(error, "RUNNER_DIED")) return alone ? "runner-died-alone" : "runner-died";
  if (hasCode(error, "OWNERSHIP_LOST")) return "lost";
  return hasCode(error, ...NOT_THE_JOBS) ? "given-back" : "failed";
}

/** What goes wrong here and says nothing about the job. */
const NOT_THE_JOBS = ["PERSISTENCE_DOWN", "BOARD_DOWN", "NO_RUNNER", "OTHER_VERSION"] as const;

async function giveBack(
  job: string,
  ownership: JobOwnership,
  options: ExecuteOptions,
): Promise<Next> {
  await note({ job, ownership, ended: "given-back" }, options);
  return { next: "abandon" };
}

interface Noted {
  readonly job: string;
  readonly ownership: JobOwnership;
  readonly ended: OwnershipEnd;
}

/** Leaves word of how the ownership ended, for the next owner's count of deaths. */
async function note({ job, ownership, ended }: Noted, options: ExecuteOptions): Promise<void> {
  try {
    await options.persistence.endOwnership(job, ownership.token, ended);
  } catch (error) {
    options.log.warn({ jobId: job, err: error }, "could not note how the ownership ended");
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
