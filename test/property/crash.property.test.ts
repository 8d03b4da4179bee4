import { describe, expect, it } from "vitest";
import type { EndState } from "../../common/job.js";
import type { Change, Entry } from "../../engine/journal.js";
import { compile, type Plan } from "../../engine/plan.js";
import { CrashWorld, type Fate } from "./crash-world.js";
import { createRandom, type Random } from "./random.js";
import { type RandomFlow, randomFlow } from "./random-flow.js";

/*
 * Random flows, each killed after every single entry of its journal and resumed, and once more
 * with owners of which each writes two entries (the first may only say that it begins something
 * again, so that one entry each would be no progress). Then a few times with other fates:
 * cancelled, killed in the middle of an entry, told to leave, one atom at a time.
 * JOBRUNNER_PROPERTY_FLOWS says how many flows, JOBRUNNER_PROPERTY_SEED where to begin; a failure
 * prints the seed of its flow.
 */

const FLOWS = Number(process.env["JOBRUNNER_PROPERTY_FLOWS"] ?? 1_000);
const SEED = Number(process.env["JOBRUNNER_PROPERTY_SEED"] ?? 1);
/** Longer journals are left out: their number of runs grows with the square. */
const ENTRIES_MAX = 200;

describe("random flows", () => {
  it(`survive a death after every entry (${FLOWS} flows from seed ${SEED})`, async () => {
    const seen = new Map<string, number>();
    let runs = 0;
    let longest = 0;
    for (let seed = SEED; seed < SEED + FLOWS; seed += 1) {
      try {
        const random = createRandom(seed);
        const flow = randomFlow(random);
        const subject = { flow, plan: compile(flow.spec), seen };
        const journal = await undisturbed(subject);
        longest = Math.max(longest, journal.length);
        runs += await killedAfterEach(subject, Math.min(journal.length, ENTRIES_MAX));
        runs += await otherFates(subject, journal, random);
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
    }
    console.log(`${FLOWS} flows, ${runs} runs with deaths, longest journal ${longest} entries`);
    console.log(
      [...seen]
        .sort()
        .map(([what, times]) => `${what} ${times}`)
        .join(", "),
    );
    for (const what of EXPECTED) expect(seen.get(what) ?? 0, what).toBeGreaterThan(FLOWS / 100);
  });
});

/** What must have happened often, or the flows prove nothing. */
const EXPECTED = [
  "times RETRY",
  "times REVERT",
  "forEach RETRY",
  "parameterizedForEach RETRY",
  "alwaysRevert REVERT",
  "alwaysRevertAll REVERT_ALL",
  "custom RETRY",
  "REVERT_FAILURE",
  "ignore",
  "wait",
  "SUCCESS",
  "REVERTED",
  "CANCELLED",
  "torn",
  "left handover",
  "left suspended",
];

interface Subject {
  readonly flow: RandomFlow;
  readonly plan: Plan;
  /** How often what has happened. */
  readonly seen: Map<string, number>;
}

/** One run without a death; returns its journal. */
async function undisturbed({ flow, plan, seen }: Subject): Promise<readonly Entry[]> {
  const world = new CrashWorld(flow, plan);
  const end = await world.finish();
  check(world, end);
  count(seen, end);
  for (const { changes } of world.entries) for (const change of changes) note(seen, plan, change);
  return world.entries;
}

async function killedAfterEach({ flow, plan }: Subject, entries: number): Promise<number> {
  for (let dieAfter = 1; dieAfter <= entries; dieAfter += 1) {
    const world = new CrashWorld(flow, plan);
    await world.own({ dieAfter });
    check(world, await world.finish());
  }
  const cursed = new CrashWorld(flow, plan);
  check(cursed, await cursed.finish({ dieAfter: 2 }));
  return entries + 1;
}

/** One run for each fate, at a random place; returns their number. */
async function otherFates(
  { flow, plan, seen }: Subject,
  journal: readonly Entry[],
  random: Random,
): Promise<number> {
  const place = random.whole(1, journal.length);
  const kept = random.whole(1, journal[place - 1]?.changes.length ?? 1);
  const how = random.pick(["handover", "suspended"] as const);
  const fates: readonly Fate[] = [
    { cancelAt: place, dieAfter: place + 1 },
    { dieAfter: place, kept },
    { leaveAt: place, how },
    { leaveAt: place, how, inHaste: true },
    { dieAfter: place, concurrency: 1 },
  ];
  for (const fate of fates) {
    const world = new CrashWorld(flow, plan);
    const first = await world.own(fate);
    const { concurrency } = fate;
    const end = await world.finish(concurrency === undefined ? {} : { concurrency });
    check(world, end);
    if (end === "CANCELLED") count(seen, end);
    if (fate.kept !== undefined) count(seen, "torn");
    if (first !== undefined && "left" in first) count(seen, `left ${first.left}`);
  }
  return fates.length;
}

/** I4, and an end that says no more than what is true. */
function check(world: CrashWorld, end: EndState): void {
  const left = new Set(world.states.values());
  const good: Readonly<Record<EndState, readonly string[]>> = {
    SUCCESS: ["SUCCESS", "IGNORE"],
    REVERTED: ["REVERTED", "PENDING", "IGNORE"],
    CANCELLED: ["REVERTED", "PENDING", "IGNORE"],
    FAILURE: [...left],
  };
  const wrong = [...left].filter((state) => !good[end].includes(state));
  if (wrong.length > 0) throw new Error(`${end} with atoms in ${wrong.join(", ")}`);
  const running = [...left].filter((state) => state === "RUNNING" || state === "REVERTING");
  if (running.length > 0) throw new Error(`ended in ${end} with atoms in ${running.join(", ")}`);
}

function note(seen: Map<string, number>, plan: Plan, change: Change): void {
  if (change.change === "ignore" || change.change === "wait") count(seen, change.change);
  if (change.change === "atom" && change.to === "REVERT_FAILURE") count(seen, change.to);
  if (change.change !== "decision") return;
  const spec = plan.atoms.get(change.retry)?.spec;
  if (spec?.kind === "retry") count(seen, `${spec.controller.type} ${change.decision}`);
}

function count(seen: Map<string, number>, what: string): void {
  seen.set(what, (seen.get(what) ?? 0) + 1);
}
