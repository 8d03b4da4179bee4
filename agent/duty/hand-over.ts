import type { Clock } from "../../common/clock.js";
import type { Claims } from "../claims.js";
import type { Conductor } from "../conductor.js";
import type { Duty } from "./duty.js";

/** Longer than anything is waited for, ms. */
const FOREVER_MS = 2 ** 40;

export interface HandingOver {
  readonly clock: Clock;
  readonly duty: Duty;
  readonly conductor: Pick<Conductor, "idle">;
  readonly claims: Pick<Claims, "loseAll">;
  /** How long bodies that were told to stop, and the entries of their jobs, may take, ms. */
  readonly lateMs: number;
  /** For the log of those that took longer: `the agent has left`. */
  readonly why: string;
}

/**
 * P-22: waits until nothing runs here; after the drain limit, and a moment more, regardless.
 * Resolves early, and touches no job any more, when the signal aborts: jobs are taken again.
 */
export async function handOver(parts: HandingOver, over?: AbortSignal): Promise<void> {
  const { clock, duty, conductor, claims, lateMs, why } = parts;
  const { grace } = duty;
  const idle = new AbortController();
  const done = over === undefined ? idle.signal : AbortSignal.any([idle.signal, over]);
  const limit = clock.sleep(FOREVER_MS, AbortSignal.any([grace, done])).then(async () => {
    await clock.sleep(lateMs, done);
    // With persistence away no entry can be written: abandoned without one.
    if (!done.aborted) claims.loseAll(why);
  });
  const empty = conductor.idle().then(() => idle.abort());
  // Sleep does not wait for what nothing ends.
  await (over === undefined ? empty : Promise.race([empty, limit]));
  if (over?.aborted !== true) duty.hurry();
  await limit;
}
