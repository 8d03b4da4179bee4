import type { Logger } from "pino";
import type { JobBoard } from "../../../boards/board.js";
import { toSignature } from "../../../common/job.js";
import { CONCURRENCY_MAX, type WaitsForView } from "../../../common/wire/flow-control.js";
import type { Concurrency, JobRow, Persistence, Slots } from "../../../persistence/persistence.js";

/** How long a job that found no slot is off the board at first, ms; then as long as it has waited. */
const WAIT_MS_MIN = 30_000;
/** And at the longest, ms: what is freed is offered at once, so this is for what went wrong. */
const WAIT_MS_MAX = 600_000;
/** Jobs that are named of those that have the slots. */
const NAMED_MAX = 5;

/** P-45: when a job that found no slot is claimable again by itself. */
export function waitMs({ postedAt, runAt = 0, startBy }: JobRow, now: number): number {
  const waited = now - Math.max(postedAt, runAt);
  const wait = Math.min(Math.max(waited, WAIT_MS_MIN), WAIT_MS_MAX);
  return startBy === undefined ? wait : Math.max(1, Math.min(wait, startBy - now));
}

export interface Offering {
  readonly board: Pick<JobBoard, "remove" | "put">;
  readonly persistence: Pick<Persistence, "slots">;
  readonly log: Logger;
}

/** Jobs read of those that wait: mostly one slot was freed. The next numbers if that is too few. */
const READ = [8, 64, CONCURRENCY_MAX];

/**
 * P-45: makes the next jobs that wait for a slot of the key claimable now, as many as there are
 * slots. Entries that somebody holds stay: whoever that is looks once more when it gives one back.
 * Never throws: the sweep does the same.
 */
export async function offerSlots(
  { board, persistence, log }: Offering,
  key: string,
): Promise<void> {
  try {
    const next = await nextOf(persistence, key);
    if (next.length === 0) return;
    await board.remove(next.map(({ id }) => id));
    await board.put(
      next.map(({ id, needs, priority }) => {
        return { id, signature: toSignature(needs), priority, delayMs: 0 };
      }),
    );
  } catch (error) {
    log.warn({ err: error, key }, "free slots were not offered; the sweep will");
  }
}

/** The same for a job that found none, which knows that there is none for others like it. */
export async function offerMissed(offering: Offering, { key, limit }: Concurrency): Promise<void> {
  const full = offering.persistence.slots(key, 0).then(({ held }) => held.length >= limit);
  if (await full.catch(() => false)) return;
  await offerSlots(offering, key);
}

async function nextOf(
  persistence: Offering["persistence"],
  key: string,
): Promise<Slots["waiting"]> {
  for (const waitingMax of READ) {
    const { held, waiting } = await persistence.slots(key, waitingMax);
    const next = withSlots(held.length, waiting);
    // More are never free at once than there may be.
    if (next.length < waitingMax || waitingMax === CONCURRENCY_MAX) return next;
  }
  return [];
}

/** Each job's own limit counts. */
function withSlots(held: number, waiting: Slots["waiting"]): Slots["waiting"] {
  let taken = held;
  return waiting.filter(({ limit }) => {
    if (taken >= limit) return false;
    taken += 1;
    return true;
  });
}

/** What a job waits for that found no slot, or would find none. */
export async function waitsFor(
  persistence: Pick<Persistence, "slots">,
  { id, state, concurrency }: Pick<JobRow, "id" | "state" | "concurrency">,
): Promise<WaitsForView | undefined> {
  if (state !== "WAITING" || concurrency === undefined) return undefined;
  const { held: taken } = await persistence.slots(concurrency.key, 0);
  if (taken.includes(id) || taken.length < concurrency.limit) return undefined;
  return { ...concurrency, taken };
}

/** `waits for a slot of KEY: 2 of 2 taken by JOB, JOB` */
export function waitsForText({ key, limit, taken }: WaitsForView): string {
  const more = taken.length - NAMED_MAX;
  const others = more > 0 ? ` and ${more} more` : "";
  const by = taken.slice(0, NAMED_MAX).join(", ") + others;
  return `waits for a slot of ${key}: ${taken.length} of ${limit} taken by ${by}`;
}
