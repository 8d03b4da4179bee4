import type { Logger } from "pino";
import type { JobBoard } from "../../../boards/board.js";
import { toSignature } from "../../../common/job.js";
import type { WaitsForView } from "../../../common/wire/flow-control.js";
import type { JobRow, Persistence, Slots } from "../../../persistence/persistence.js";

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
    const next = nextOf(await persistence.slots(key));
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

/** Each job's own limit counts. */
function nextOf({ held, waiting }: Slots): Slots["waiting"] {
  let taken = held.length;
  const next: Slots["waiting"][number][] = [];
  for (const waiter of waiting) {
    if (taken >= waiter.limit) continue;
    next.push(waiter);
    taken += 1;
  }
  return next;
}

/** What a job waits for that found no slot, or would find none. */
export async function waitsFor(
  persistence: Pick<Persistence, "slots">,
  { id, state, concurrency }: JobRow,
): Promise<WaitsForView | undefined> {
  if (state !== "WAITING" || concurrency === undefined) return undefined;
  const { held: taken } = await persistence.slots(concurrency.key);
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
