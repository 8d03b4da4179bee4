import type { Clock } from "../common/clock.js";
import { type Clause, formatClause } from "../common/job.js";
import type { Capability, Verdict } from "./capability.js";

/** Whether this machine can take a job, and if not, which clause says so and why. */
export type Answer =
  | { readonly able: true }
  | {
      readonly able: false;
      readonly clause: Clause;
      /** For people: `port_is_free(8080): port 8080 is in use; needed: port 8080 free`. */
      readonly reason: string;
      /** True when nobody could tell. */
      readonly unknown: boolean;
    };

export interface EvaluatorOptions {
  readonly capabilities: ReadonlyMap<string, Capability>;
  readonly clock: Clock;
  /** How long one check may take unless it says otherwise, milliseconds; default 250. */
  readonly limitMs?: number;
}

export interface Evaluator {
  /**
   * Asks the clauses in the order written and stops at the first "no". Never rejects: what is
   * unknown, throws or takes too long is a "no" with its reason.
   */
  evaluate(clauses: readonly Clause[]): Promise<Answer>;
  /** Forgets what may have changed, such as after the machine slept. */
  forget(): void;
}

/** Verdicts kept; the arguments come from posted jobs, so their number has no limit of its own. */
const CACHE_MAX = 1000;

/** Asks capabilities, with a memory for each argument set. */
export function createEvaluator(options: EvaluatorOptions): Evaluator {
  const cache = new Map<string, Cached>();
  return {
    async evaluate(clauses) {
      for (const clause of clauses) {
        const verdict = await ask(clause, cache, options);
        if (!("able" in verdict) || !verdict.able) return toAnswer(clause, verdict);
      }
      return { able: true };
    },
    forget: () => cache.clear(),
  };
}

interface Cached {
  /** Also while the check runs, so that many jobs with one clause ask once. */
  readonly verdict: Promise<Verdict>;
  /** Monotonic, milliseconds. */
  until: number;
}

async function ask(
  clause: Clause,
  cache: Map<string, Cached>,
  options: EvaluatorOptions,
): Promise<Verdict> {
  const capability = options.capabilities.get(clause.name);
  if (capability === undefined) {
    return { unknown: "this agent knows no such capability" };
  }
  const key = JSON.stringify([clause.name, ...clause.args]);
  const known = cache.get(key);
  if (known !== undefined && options.clock.monotonic() < known.until) return known.verdict;
  const cached: Cached = { verdict: check(capability, clause, options), until: Infinity };
  remember(cache, key, cached);
  const verdict = await cached.verdict;
  const holdsMs = "unknown" in verdict ? Math.min(capability.cacheMs, 1000) : capability.cacheMs;
  cached.until = options.clock.monotonic() + holdsMs;
  return verdict;
}

function remember(cache: Map<string, Cached>, key: string, cached: Cached): void {
  cache.delete(key); // So that the order of keys is the order of age.
  cache.set(key, cached);
  const [oldest] = cache.keys();
  if (cache.size > CACHE_MAX && oldest !== undefined) cache.delete(oldest);
}

async function check(
  capability: Capability,
  clause: Clause,
  options: EvaluatorOptions,
): Promise<Verdict> {
  const limitMs = capability.limitMs ?? options.limitMs ?? 250;
  const done = new AbortController();
  const late = new AbortController();
  const limit = options.clock.sleep(limitMs, done.signal).then((): Verdict => {
    late.abort();
    return { unknown: `no answer within ${limitMs} ms` };
  });
  try {
    // A check that is too slow is left to itself, so its rejection needs somebody to take it.
    const asked = (async () => capability.check(clause.args, late.signal))();
    asked.catch(() => undefined);
    return await Promise.race([asked, limit]);
  } catch (error) {
    return { unknown: error instanceof Error ? error.message : String(error) };
  } finally {
    done.abort();
  }
}

function toAnswer(clause: Clause, verdict: Exclude<Verdict, { able: true }>): Answer {
  const unknown = "unknown" in verdict;
  const why = unknown ? verdict.unknown : `${verdict.observed}; needed: ${verdict.needed}`;
  return { able: false, clause, reason: `${formatClause(clause)}: ${why}`, unknown };
}
