import type { Capability, Verdict } from "../../capabilities/capability.js";
import type { Clock } from "../../common/clock.js";
import { hasCode } from "../../common/error.js";
import type { CapabilityInfo, Runners } from "./runner.js";

/** For starting a runner, when none is there to ask, ms. */
const START_LIMIT_MS = 15_000;
/**
 * How long a capability that ended or blocked its runner is left alone, ms: jobs ran there, too.
 * Twice as long each time; the first time it may have been the doing of another one's code.
 */
const REST_MS = 10_000;
const REST_MS_MAX = 10 * 60_000;

/** A capability that authors wrote, asked in a runner: its code never runs in the agent. */
export function authorCapability(
  info: CapabilityInfo,
  runners: Pick<Runners, "able" | "mistake">,
  clock: Clock,
): Capability {
  let restsUntil = Number.NEGATIVE_INFINITY;
  let restMs = REST_MS;
  const { name, summary, usage, needs, cost, cacheMs, exclusive, limitMs, file } = info;
  return {
    ...{ name, summary, usage, needs, cost, cacheMs, exclusive, file },
    remote: true,
    limitMs: START_LIMIT_MS + limitMs,
    mistake: (args) => runners.mistake(name, args),
    async check(args, { facts }): Promise<Verdict> {
      if (clock.monotonic() < restsUntil) return { unknown: RESTS };
      try {
        const verdict = await runners.able({ name, args, facts: { ...facts }, limitMs });
        restMs = REST_MS;
        return verdict;
      } catch (error) {
        if (!hasCode(error, "RUNNER_DIED")) throw error;
        restsUntil = clock.monotonic() + restMs;
        restMs = Math.min(restMs * 2, REST_MS_MAX);
        return { unknown: `its runner ended while it was asked: ${error.message}` };
      }
    },
  };
}

const RESTS = "it is left alone for a while: its runner ended or was blocked when it was asked";
