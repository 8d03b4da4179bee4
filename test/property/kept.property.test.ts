import { describe, expect, it } from "vitest";
import { keep, type Keeping } from "../../engine/keeping/kept.js";
import type { Change, Entry } from "../../engine/journal.js";
import { type AtomNode, compile, type Plan } from "../../engine/plan.js";
import { killedAfterEach } from "./crash-runs.js";
import { CrashWorld } from "./crash-world.js";
import { createRandom } from "./random.js";
import { type RandomFlow, randomFlow, type BodyScript } from "./random-flow.js";

/*
 * Random flows that end in whatever way, and are retried from each of their atoms in a world where
 * nothing fails any more: the retry runs what is not kept, and nothing else. The same with owners
 * that die after every entry, and with a cancel, which reverts what is kept as well.
 */

const FLOWS = Number(process.env["JOBRUNNER_PROPERTY_FLOWS"] ?? 300);
const SEED = Number(process.env["JOBRUNNER_PROPERTY_SEED"] ?? 1);

const WELL: BodyScript = { fails: () => false, revertFails: () => false };
const NOTHING: ReadonlySet<string> = new Set();

describe("random flows that are retried from an atom", () => {
  it(`go on there, whatever became of them (${FLOWS} flows from seed ${SEED})`, async () => {
    const seen = new Map<string, number>();
    for (let seed = SEED; seed < SEED + FLOWS; seed += 1) {
      try {
        await retryFromEach(subjectOf(seed), seen);
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
    }
    console.log(`note: ${[...seen].map(([what, times]) => `${what} ${times}`).join(", ")}`);
    for (const what of EXPECTED) expect(seen.get(what) ?? 0, what).toBeGreaterThan(FLOWS / 20);
  });
});

const EXPECTED = [
  "SUCCESS",
  "REVERTED",
  "FAILURE",
  "CANCELLED",
  "kept",
  "retry kept",
  "kept and reverted",
  "missing",
  "skipped",
];

interface Subject {
  readonly flow: RandomFlow;
  readonly well: RandomFlow;
  readonly plan: Plan;
  /** The first run is cancelled, with nothing reverted. */
  readonly cancelled: boolean;
}

function subjectOf(seed: number): Subject {
  const random = createRandom(seed);
  const made = randomFlow(random);
  const flow = { ...made, spec: { ...made.spec, neverResolve: random.chance(0.4) } };
  const scripts = allWell(made.scripts);
  const retries = allWell(made.retries);
  const plan = compile(flow.spec);
  return { flow, well: { ...flow, scripts, retries }, plan, cancelled: random.chance(0.3) };
}

function allWell(bodies: ReadonlyMap<string, unknown>): ReadonlyMap<string, BodyScript> {
  return new Map([...bodies.keys()].map((name) => [name, WELL]));
}

async function retryFromEach(subject: Subject, seen: Map<string, number>): Promise<void> {
  const { flow, well, plan, cancelled } = subject;
  const first = new CrashWorld(flow, plan);
  const end = cancelled ? await first.finish({ cancelAt: 3, revert: false }) : await first.finish();
  count(seen, end);
  const best = await new CrashWorld(well, plan).finish();
  for (const from of plan.atoms.values()) {
    const keeping = keep({ plan, entries: first.entries, from, changed: NOTHING });
    if (!keeping.keeps) {
      count(seen, keeping.why);
      checkRefusal(subject, first.entries, keeping);
      continue;
    }
    const kept = namesOf(keeping.changes);
    if (kept.size > 0) count(seen, "kept");
    if ([...kept].some((name) => plan.atoms.get(name)?.kind === "retry")) count(seen, "retry kept");
    await runs(subject, keeping.changes, best);
    await reverts(subject, keeping.changes, seen);
  }
}

/** What is refused names the atom from which it can be done. */
function checkRefusal({ plan }: Subject, entries: readonly Entry[], refused: Keeping): void {
  if (!refused.keeps && refused.why === "skipped") return;
  const atom = refused.keeps ? undefined : plan.atoms.get(refused.atom);
  const again = keep({ plan, entries, from: atom as AtomNode, changed: NOTHING });
  if (!again.keeps) throw new Error(`${JSON.stringify(refused)}, then ${JSON.stringify(again)}`);
}

async function runs(
  { well, plan }: Subject,
  changes: readonly Change[],
  best: string,
): Promise<void> {
  const world = await seeded(well, plan, changes);
  const end = await world.finish();
  if (end !== best) throw new Error(`ended ${end}, the whole flow ends ${best}`);
  const kept = namesOf(changes);
  const begun = new Set(world.entries.slice(1).flatMap((entry) => startedIn(entry)));
  for (const [name, state] of world.states) {
    const should = !kept.has(name) && state !== "IGNORE" && state !== "PENDING";
    if (best === "SUCCESS" && begun.has(name) !== should) throw new Error(`${name} is ${state}`);
  }
  const create = (): CrashWorld => new CrashWorld(well, plan);
  const subject = { plan, seen: new Map(), world: create, before: changes };
  await killedAfterEach(subject, world.entries.length - 1);
}

/** Kept or run here: all of it is reverted. */
async function reverts(
  { well, plan }: Subject,
  changes: readonly Change[],
  seen: Map<string, number>,
): Promise<void> {
  const world = await seeded(well, plan, changes);
  const end = await world.finish({ cancelAt: 1 });
  if (end === "SUCCESS") return; // It was over before the cancel came.
  if (namesOf(changes).size > 0) count(seen, "kept and reverted");
  const left = [...world.states].filter(([, state]) => state === "SUCCESS");
  if (end !== "CANCELLED" || left.length > 0) throw new Error(`${end} with ${String(left)}`);
}

async function seeded(
  flow: RandomFlow,
  plan: Plan,
  changes: readonly Change[],
): Promise<CrashWorld> {
  const world = new CrashWorld(flow, plan);
  await world.seed(changes);
  return world;
}

function namesOf(changes: readonly Change[]): ReadonlySet<string> {
  return new Set(
    changes.flatMap((change) => {
      if (change.change === "kept") return [change.atom];
      return change.change === "ignore" ? change.atoms : [];
    }),
  );
}

function startedIn({ changes }: Entry): readonly string[] {
  return changes.flatMap((change) =>
    change.change === "atom" && change.to === "RUNNING" ? [change.atom] : [],
  );
}

function count(seen: Map<string, number>, what: string): void {
  seen.set(what, (seen.get(what) ?? 0) + 1);
}
