import type { Logger } from "pino";
import type { Clock } from "../../common/clock.js";
import { untilTick } from "../../common/time/tick.js";
import type { Persistence } from "../../persistence/persistence.js";
import type { JobControl } from "./job-control.js";

/** How often the requests of held jobs are read when no append brings them, ms (P-24). */
const EVERY_MS = 5_000;

export interface RequestsOptions {
  readonly persistence: Pick<Persistence, "requests">;
  readonly clock: Clock;
  readonly log: Logger;
  /** The jobs that run here, with what asks something of them. */
  running(): ReadonlyMap<string, JobControl>;
}

/** Tells the jobs that run here what was asked of them, until the signal aborts. */
export async function watchRequests(options: RequestsOptions, signal: AbortSignal): Promise<void> {
  const { clock, persistence, log } = options;
  for (;;) {
    await clock.sleep(untilTick(EVERY_MS, clock.monotonic()), signal);
    if (signal.aborted) return;
    const running = options.running();
    if (running.size === 0) continue;
    try {
      const requests = await persistence.requests([...running.keys()]);
      for (const [job, request] of requests) running.get(job)?.request(request);
    } catch (error) {
      log.debug({ err: error }, "could not read the requests of held jobs");
    }
  }
}
