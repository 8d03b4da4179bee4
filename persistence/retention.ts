import { JobrunnerError } from "../common/error.js";
import type { EndState } from "../common/job.js";
import { JUMP_MS_MAX, type Retention } from "./persistence.js";
import type { Old, Purged } from "./verbs/port.js";

/** Jobs of one transaction: small, so that nobody waits for it. */
export const PURGE_BATCH = 100;
/** Transactions of one purge. */
const BATCHES_MAX = 20;

export interface EndedJob {
  readonly id: string;
  readonly endedAt: number;
  readonly bytes: number;
}

/** What a purge needs of a database; every call is a transaction of its own. */
export interface Purging {
  now(): Promise<number>;
  /** Of all jobs that are over. */
  totals(): Promise<{ readonly jobs: number; readonly bytes: number }>;
  /** Jobs that are over, the one that ended first in front, at most `limit`. */
  oldest(limit: number, states?: readonly EndState[]): Promise<readonly EndedJob[]>;
  /** The job rows go with, or before, everything else of them; their keys stay as tombstones. */
  remove(ids: readonly string[]): Promise<void>;
  /** When a purge was noted last. */
  purgedAt(): Promise<number | undefined>;
  note(moment: number): Promise<void>;
  /** Removes at most `limit` tombstones of before `moment`. */
  forgetKeys(moment: number, limit: number): Promise<void>;
}

/** How long a key whose job was removed still says so, ms (P-3). */
const TOMBSTONE_MS = 24 * 3_600_000;
/** How long the last purge may be ago before another is noted, ms: agents that idle write nothing. */
const NOTE_EVERY_MS = 6 * 3_600_000;

/** Removes the oldest jobs that are over, until the limits hold or a purge has done its share. */
export async function purge(limits: Retention, database: Purging): Promise<Purged> {
  const now = await database.now();
  const noted = await database.purgedAt();
  if (noted === undefined || Math.abs(now - noted) > NOTE_EVERY_MS) await database.note(now);
  await database.forgetKeys(now - TOMBSTONE_MS, PURGE_BATCH * BATCHES_MAX);
  const totals = await database.totals();
  let left = { ...totals };
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const oldest = await database.oldest(PURGE_BATCH);
    const ids: string[] = [];
    for (const { id, endedAt, bytes } of oldest) {
      const tooOld = endedAt < now - limits.ageMs;
      if (!tooOld && left.jobs <= limits.jobs && left.bytes <= limits.bytes) break;
      ids.push(id);
      left = { jobs: left.jobs - 1, bytes: left.bytes - bytes };
    }
    if (ids.length > 0) await database.remove(ids);
    if (ids.length < PURGE_BATCH) return { removed: totals.jobs - left.jobs, more: false };
  }
  return { removed: totals.jobs - left.jobs, more: true };
}

/** P-41: removes jobs that have been over for so long. Throws CONFLICT for a clock of P-36. */
export async function removeOld({ ageMs, states }: Old, database: Purging): Promise<Purged> {
  const now = await database.now();
  const noted = await database.purgedAt();
  if (noted !== undefined && Math.abs(now - noted) > JUMP_MS_MAX) throw jumped(now - noted);
  const before = now - ageMs;
  let removed = 0;
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const oldest = await database.oldest(PURGE_BATCH, states);
    const ids = oldest.filter(({ endedAt }) => endedAt <= before).map(({ id }) => id);
    if (ids.length > 0) await database.remove(ids);
    removed += ids.length;
    if (ids.length < PURGE_BATCH) return { removed, more: false };
  }
  return { removed, more: true };
}

function jumped(jumpMs: number): JobrunnerError {
  const hours = Math.round(Math.abs(jumpMs) / 3_600_000);
  const where = `${hours} h ${jumpMs > 0 ? "after" : "before"} the last time old jobs were looked for`;
  return new JobrunnerError("CONFLICT", `the clock of the database says that this is ${where}`, {
    hint: "See to that clock. If it is right, as when no agent ran, agents believe it in half an hour.",
  });
}
