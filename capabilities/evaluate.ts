import type { Clock } from "../common/clock.js";
import { type Clause, formatClause } from "../common/job.js";
import type { FactName, PlainName } from "../facts/fact.js";
import type { Facts } from "../facts/facts.js";
import type { Capability, Registry, Surroundings, Verdict } from "./capability.js";
import { atMost } from "./at-most.js";

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
  readonly capabilities: Registry;
  readonly facts: Pick<Facts, "fresh" | "about">;
  readonly clock: Clock;
  /** How long one check may take unless it says otherwise, milliseconds; default LIMIT_MS. */
  readonly limitMs?: number;
}

export interface Evaluator {
  /**
   * Asks the clauses in the order written and stops at the first "no". Never rejects: what is
   * unknown, throws or takes too long is a "no" with its reason.
   */
  evaluate(clauses: readonly Clause[]): Promise<Answer>;
  /** The same from what is remembered or soon found out; undefined when more has to be asked. */
  atHand(clauses: readonly Clause[]): Promise<Answer | undefined>;
  /** Asks one clause, whatever others say. Never rejects. */
  verdict(clause: Clause): Promise<Verdict>;
  /** Too many wait for their turn already for another one to ask out of curiosity. */
  busy(clause: Clause): boolean;
  /** Asks anew what it remembers: the machine may have slept for days. */
  forget(): void;
}

export const LIMIT_MS = 250;

/** Of a dear capability: clauses that are asked or wait for their turn when nobody else may test it. */
export const TURNS_MAX = 16;

/** Of a capability that an agent does not have. Agents of all versions say so, and compare. */
export const NOT_KNOWN = "this agent knows no such capability";

/** Verdicts kept; the arguments come from posted jobs, so their number has no limit of its own. */
const CACHE_MAX = 1000;

/** Asks capabilities, with a memory for each argument set. */
export function createEvaluator(options: EvaluatorOptions): Evaluator {
  const desk: Desk = { ...options, cache: new Map(), turns: new Map() };
  const evaluate: Evaluator["evaluate"] = async (clauses) => {
    for (const clause of clauses) {
      const verdict = await ask(clause, desk);
      if (!("able" in verdict) || !verdict.able) return toAnswer(clause, verdict);
    }
    return { able: true };
  };
  return {
    evaluate,
    async atHand(clauses) {
      for (const clause of clauses) {
        if (!isAtHand(clause, desk)) return undefined;
        const answer = await evaluate([clause]);
        if (!answer.able) return answer;
      }
      return { able: true };
    },
    verdict: (clause) => ask(clause, desk),
    busy: ({ name, args }) => {
      const isNew = remembered(keyOf(name, args), desk) === undefined;
      return isNew && (desk.turns.get(name)?.open ?? 0) >= TURNS_MAX;
    },
    forget: () => desk.cache.clear(),
  };
}

interface Desk extends EvaluatorOptions {
  readonly cache: Map<string, Cached>;
  /**
   * By capability: its dear checks wait for each other, since many clauses must not keep the whole
   * machine busy, and for no others, since one that is slow must not keep the rest.
   */
  readonly turns: Map<string, Turns>;
}

interface Turns {
  readonly take: ReturnType<typeof atMost>;
  /** How many have one or wait for it. */
  open: number;
}

interface Cached {
  /** Also while the check runs, so that many jobs with one clause ask once. */
  readonly verdict: Promise<Verdict>;
  /** Monotonic, milliseconds. */
  until: number;
  settled: boolean;
}

/** Whether the answer is remembered, or comes without a look at a disk or another process. */
function isAtHand({ name, args }: Clause, desk: Desk): boolean {
  const capability = desk.capabilities.get(name);
  if (capability === undefined) return true;
  if (capability.cost === "cheap" && capability.remote !== true) return true;
  return remembered(keyOf(name, args), desk)?.settled === true;
}

function keyOf(name: string, args: Clause["args"]): string {
  return JSON.stringify([name, ...args]);
}

async function ask(clause: Clause, desk: Desk): Promise<Verdict> {
  const { capabilities, cache, clock } = desk;
  const capability = capabilities.get(clause.name);
  if (capability === undefined) {
    return { unknown: NOT_KNOWN };
  }
  const key = keyOf(clause.name, clause.args);
  const known = remembered(key, desk);
  if (known !== undefined) return known.verdict;
  const check = (): Promise<Verdict> => checkInTime(capability, clause, desk);
  const verdict = capability.cost === "dear" ? inTurn(clause.name, check, desk) : check();
  const cached: Cached = { verdict, until: Infinity, settled: false };
  remember(cache, key, cached);
  const told = await verdict;
  const holdsMs = "unknown" in told ? Math.min(capability.cacheMs, 1000) : capability.cacheMs;
  cached.until = clock.monotonic() + holdsMs;
  cached.settled = true;
  return told;
}

/** Also while it is being asked. */
function remembered(key: string, { cache, clock }: Desk): Cached | undefined {
  const known = cache.get(key);
  return known !== undefined && clock.monotonic() < known.until ? known : undefined;
}

async function inTurn(
  name: string,
  check: () => Promise<Verdict>,
  { turns }: Desk,
): Promise<Verdict> {
  const turn = turns.get(name) ?? { take: atMost(1), open: 0 };
  turns.set(name, turn);
  turn.open += 1;
  try {
    return await turn.take(check);
  } finally {
    turn.open -= 1;
  }
}

function remember(cache: Map<string, Cached>, key: string, cached: Cached): void {
  cache.delete(key); // So that the order of keys is the order of age.
  cache.set(key, cached);
  const [oldest] = cache.keys();
  if (cache.size > CACHE_MAX && oldest !== undefined) cache.delete(oldest);
}

async function checkInTime(capability: Capability, clause: Clause, desk: Desk): Promise<Verdict> {
  const limitMs = capability.limitMs ?? desk.limitMs ?? LIMIT_MS;
  const done = new AbortController();
  const late = new AbortController();
  const limit = desk.clock.sleep(limitMs, done.signal).then((): Verdict => {
    late.abort();
    return { unknown: `no answer within ${limitMs} ms` };
  });
  try {
    // A check that is too slow is left to itself, so its rejection needs somebody to take it.
    const asked = check(capability, clause, desk, late.signal);
    asked.catch(() => undefined);
    return await Promise.race([asked, limit]);
  } catch (error) {
    return { unknown: error instanceof Error ? error.message : String(error) };
  } finally {
    done.abort();
  }
}

async function check(
  capability: Capability,
  { args }: Clause,
  { facts }: Desk,
  signal: AbortSignal,
): Promise<Verdict> {
  const mistake = await capability.mistake(args);
  if (mistake !== undefined) return { unknown: mistake };
  const values: Record<string, unknown> = {};
  for (const name of capability.needs) {
    if (isKeyed(name)) continue; // Asked for by its key, in the check.
    const fact = await facts.fresh(name, capability.cacheMs);
    if ("unknown" in fact) return { unknown: `${name} is unknown: ${fact.unknown}` };
    values[name] = fact.known;
  }
  const about: Surroundings["about"] = (name, key) => facts.about(name, key);
  return capability.check(args, { facts: values as Surroundings["facts"], about, signal });
}

function isKeyed(name: FactName): name is Exclude<FactName, PlainName> {
  return name === "disk_free" || name === "programs";
}

function toAnswer(clause: Clause, verdict: Exclude<Verdict, { able: true }>): Answer {
  const unknown = "unknown" in verdict;
  const why = unknown ? verdict.unknown : `${verdict.observed}; needed: ${verdict.needed}`;
  return { able: false, clause, reason: `${formatClause(clause)}: ${why}`, unknown };
}
