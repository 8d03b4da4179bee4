import { describe, expect, it } from "vitest";
import { compile } from "../../engine/plan.js";
import { killedAfterEach, otherFates, undisturbed } from "./crash-runs.js";
import { CrashWorld } from "./crash-world.js";
import { createRandom } from "./random.js";
import { randomFlow } from "./random-flow.js";

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
        const plan = compile(flow.spec);
        const world = (): CrashWorld => new CrashWorld(flow, plan);
        const subject = { plan, seen, world };
        const journal = await undisturbed(subject);
        longest = Math.max(longest, journal.length);
        runs += await killedAfterEach(subject, Math.min(journal.length, ENTRIES_MAX));
        runs += await otherFates(subject, journal, random);
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
    }
    console.log(
      `note: ${FLOWS} flows from seed ${SEED}: ${runs} runs with deaths, at most ${longest} entries`,
    );
    const counts = [...seen].sort().map(([what, times]) => `${what} ${times}`);
    console.log(`note: ${counts.join(", ")}`);
    for (const what of EXPECTED) expect(seen.get(what) ?? 0, what).toBeGreaterThan(FLOWS / 100);
  });
});

/** What must have happened often, or the flows prove nothing. */
const EXPECTED = [
  "times RETRY",
  "times REVERT",
  "times REVERT_ALL",
  "forEach RETRY",
  "forEach REVERT",
  "parameterizedForEach RETRY",
  "parameterizedForEach REVERT",
  "alwaysRevert REVERT",
  "alwaysRevertAll REVERT_ALL",
  "custom RETRY",
  "custom REVERT",
  "custom REVERT_ALL",
  "task REVERT_FAILURE",
  "retry FAILURE",
  "retry REVERT_FAILURE",
  "nested 4 deep",
  "ignore",
  "wait",
  "SUCCESS",
  "REVERTED",
  "CANCELLED",
  "torn",
  "left handover",
  "left suspended",
];
