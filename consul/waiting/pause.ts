import { setTimeout as sleep } from "node:timers/promises";
import { untilTick } from "../../common/time/tick.js";

/** A pause of `ms` at most, until a tick; over early when the signal aborts. Never rejects. */
export async function pauseUntilTick(ms: number, signal: AbortSignal): Promise<void> {
  // The clock whose ticks the agent goes by.
  const monotonic = Number(process.hrtime.bigint()) / 1e6;
  await sleep(untilTick(ms, monotonic), undefined, { signal, ref: false }).catch(() => undefined);
}
