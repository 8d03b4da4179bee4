import type { Logger } from "pino";
import type { JobBoard } from "../../../boards/board.js";
import { toSignature } from "../../../common/job.js";
import type { WaitsForView } from "../../../common/wire/flow-control.js";
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

/** How much of those that wait is looked at, and how many of a kind are offered the slots. */
export interface Reach {
  readonly read: number;
  readonly each: number;
}

/** Of whoever freed a slot: mostly there is one. The sweep heals the rest. */
const AFTER_END: Reach = { read: 64, each: 32 };
export const SWEEPING: Reach = { read: 1_000, each: 64 };

/**
 * P-45: makes the next jobs that wait for a slot of the key claimable now, as many of each kind as
 * there are slots: agents that can run the first of them may all be away, and the raise is what
 * guards the slots. Entries that somebody holds stay: whoever that is looks once more when it gives
 * one back. Never throws: the sweep does the same.
 */
export async function offerSlots(
  { board, persistence, log }: Offering,
  key: string,
  { read, each }: Reach = AFTER_END,
): Promise<void> {
  try {
    const { held, waiting } = await persistence.slots(key, read);
    const next = withSlots(held.length, waiting, each);
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

/** Each job's own limit counts. Equal signatures: whoever can run one can run the other. */
function withSlots(held: number, waiting: Slots["waiting"], each: number): Slots["waiting"] {
  const offered = new Map<string, number>();
  return waiting.filter(({ limit, needs }) => {
    const signature = toSignature(needs);
    const before = offered.get(signature) ?? 0;
    if (before >= each || held + before >= limit) return false;
    offered.set(signature, before + 1);
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
