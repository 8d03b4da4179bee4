import { hasCode } from "../../common/error.js";
import { isStartable, PROTOCOL, toSignature } from "../../common/job.js";
import type { JobRow } from "../../persistence/persistence.js";
import type { Claim } from "../claims.js";
import { ClaimTeller } from "../events/telling/claim-teller.js";
import { offerMissed, offerSlots } from "../jobs/controls/slots.js";
import type { JobControl } from "./job-control.js";
import type { ExecuteOptions, Next, Try } from "./options.js";
import { tenure } from "./tenure.js";

/** Rounds of P-5 to P-8 under one claim without getting an ownership, before it is given back. */
const ROUNDS_MAX = 5;
/** Pause before a job that failed for a reason outside its flow is offered again, ms. */
const TROUBLE_DELAY_MS = 2_000;
const LATER = { next: "abandon", delayMs: TROUBLE_DELAY_MS } as const;

/** One claim from its first read to its release: read, raise, load, run, in this order (P-4..P-8). */
export async function execute(
  claim: Claim,
  control: JobControl,
  options: ExecuteOptions,
): Promise<void> {
  let alone = false;
  const teller = new ClaimTeller(options.tell);
  for (let round = 1; ; round += 1) {
    const next = await attempt({ claim, control, alone, teller }, options);
    if (next.next !== "again") return release({ claim, teller }, next, options);
    alone ||= next.alone;
    if (next.alone) round = 0; // Deaths have a limit of their own (P-25).
    if (round >= ROUNDS_MAX || claim.lost.aborted || options.leaving.aborted) {
      return release({ claim, teller }, { next: "abandon" }, options);
    }
  }
}

async function attempt(attempted: Try, options: ExecuteOptions): Promise<Next> {
  const { claim, teller } = attempted;
  const { persistence, log } = options;
  try {
    const row = await persistence.job(claim.job);
    if (row === undefined || !isStartable(row.state)) return { next: "drop" };
    if (row.needs.protocol > PROTOCOL) return LATER;
    const delayMs = row.runAt === undefined ? 0 : row.runAt - (await persistence.now());
    if (delayMs > 0) return { next: "abandon", delayMs };
    if (!claim.fresh()) return { next: "abandon" }; // P-6
    teller.claimed(row);
    const next = await tenure(attempted, row, options);
    const refused = next.next === "again" && !next.alone;
    if (next.next === "consume") return { ...next, ...slotOf(row) };
    return refused && (await onOtherBoard(options)) ? LATER : next;
  } catch (error) {
    if (hasCode(error, "OWNERSHIP_LOST")) {
      log.info({ jobId: claim.job, why: error.message }, "stopped: no longer the owner");
      teller.lost(error.message);
      return (await onOtherBoard(options)) ? LATER : { next: "abandon" };
    }
    if (hasCode(error, "RUNNER_DIED")) return { next: "again", alone: true };
    if (hasCode(error, "OTHER_VERSION")) {
      log.info({ jobId: claim.job, why: error.message }, "not a job for this agent; put back");
      return { next: "drop", delayMs: TROUBLE_DELAY_MS };
    }
    if (hasCode(error, "PERSISTENCE_DOWN")) options.persistenceDown();
    // Trouble beside the flow: nothing is consumed, nothing is marked failed.
    log.error({ jobId: claim.job, err: error }, "cannot work on the job now; given back");
    return LATER;
  }
}

function slotOf({ concurrency }: JobRow): { readonly slotKey?: string } {
  return concurrency === undefined ? {} : { slotKey: concurrency.key };
}

/** P-30: whether the cluster uses another board by now; then every raise for a claim here fails. */
async function onOtherBoard(options: ExecuteOptions): Promise<boolean> {
  const { persistence, boardId, boardDiffers } = options;
  try {
    if ((await persistence.boardId()) === boardId()) return false;
  } catch {
    return false; // Not known now. Whoever claims the job next meets the same and asks again.
  }
  boardDiffers();
  return true;
}

async function release(
  { claim, teller }: Pick<Try, "claim" | "teller">,
  next: Exclude<Next, { next: "again" }>,
  options: ExecuteOptions,
): Promise<void> {
  const { claims, persistence, board, log } = options;
  if (next.next === "abandon") {
    await claims.release(claim, "abandon", next.delayMs);
    if (next.full === undefined) return teller.released("given back");
    teller.released(`no slot of ${next.full.key} is free`);
    // After the entry was left: what comes free from now on is offered by others.
    return offerMissed(options, next.full);
  }
  await claims.release(claim, "consume");
  if (next.next === "consume") {
    if (next.slotKey !== undefined) await offerSlots(options, next.slotKey);
    return;
  }
  teller.released("needs no owner here");
  if (next.slotKey !== undefined) await offerSlots(options, next.slotKey);
  try {
    const row = await persistence.job(claim.job);
    if (row === undefined || !isStartable(row.state)) return;
    const { id, priority } = row;
    const { delayMs = 0 } = next;
    await board.put([{ id, signature: toSignature(row.needs), priority, delayMs }]);
  } catch (error) {
    log.warn({ jobId: claim.job, err: error }, "second look failed; the sweep will look again");
  }
}
