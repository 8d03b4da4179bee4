import { expect, it } from "vitest";
import type { FlowSpec } from "../../engine/flow.js";
import { refusals } from "../../engine/migration/refusals.js";
import { compile, FlowError } from "../../engine/plan.js";
import { CrashWorld } from "./crash-world.js";
import { createRandom, type Random } from "./random.js";
import { type RandomFlow, randomFlow } from "./random-flow.js";

/*
 * Random flows whose owner dies after each entry, and whose next owner has a newer version with one
 * more task at the end: it must be allowed to take over, and CrashWorld watches that it goes on
 * rightly. And such with any other version, of which each is refused or goes on rightly: no body
 * starts out of turn, no atom makes an illegal step, none is left behind. A failure prints the seed
 * of its flow.
 */

const FLOWS = Number(process.env["JOBRUNNER_PROPERTY_FLOWS"] ?? 150);
const SEED = Number(process.env["JOBRUNNER_PROPERTY_SEED"] ?? 1);
const ENTRIES_MAX = 60;

it(`a newer version takes over at every entry (${FLOWS} flows from seed ${SEED})`, async () => {
  let moves = 0;
  for (let seed = SEED; seed < SEED + FLOWS; seed += 1) {
    try {
      moves += await moveAtEach(randomFlow(createRandom(seed)));
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
  }
  console.log(`note: ${FLOWS} flows from seed ${SEED}: ${moves} moves to a newer version`);
  expect(moves).toBeGreaterThan(FLOWS);
});

async function moveAtEach(flow: RandomFlow): Promise<number> {
  const after = extended(flow.spec);
  for (let entries = 1; entries < ENTRIES_MAX; entries += 1) {
    const before = new CrashWorld(flow, compile(flow.spec));
    await before.own({ dieAfter: entries });
    const last = before.entries.at(-1)?.changes.at(-1);
    if (last?.change === "flow" && last.to !== "RUNNING" && last.to !== "REVERTING") {
      return entries - 1;
    }
    const move = { before: flow.spec, entries: before.entries, renamed: {} };
    expect(refusals({ ...move, after: flow.spec })).toEqual([]);
    expect(refusals({ ...move, after })).toEqual([]);
    await goOn(before, { ...flow, spec: after });
  }
  return ENTRIES_MAX;
}

it(`another version is refused, or goes on rightly (${FLOWS} flows from seed ${SEED})`, async () => {
  const seen = { allowed: 0, refused: 0, impossible: 0 };
  for (let seed = SEED; seed < SEED + FLOWS; seed += 1) {
    try {
      const random = createRandom(seed);
      await moveAnyhow(randomFlow(random), random, seen);
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
  }
  console.log(`note: ${FLOWS} flows from seed ${SEED}: ${JSON.stringify(seen)}`);
  expect(seen.allowed).toBeGreaterThan(FLOWS / 2);
  expect(seen.refused).toBeGreaterThan(FLOWS / 2);
});

type Outcome = "allowed" | "refused" | "impossible";

/** Several other flows for the journal of an owner that died somewhere. */
async function moveAnyhow(
  flow: RandomFlow,
  random: Random,
  seen: Record<Outcome, number>,
): Promise<void> {
  for (let tries = 0; tries < 8; tries += 1) {
    const before = new CrashWorld(flow, compile(flow.spec));
    const end = await before.own({ dieAfter: random.whole(1, 10) });
    if (end !== undefined) continue;
    const after = altered(flow.spec, random);
    const outcome = outcomeOf(flow.spec, after, before);
    seen[outcome] += 1;
    if (outcome === "allowed") await goOn(before, { ...flow, spec: after });
  }
}

function outcomeOf(before: FlowSpec, after: FlowSpec, { entries }: CrashWorld): Outcome {
  try {
    const problems = refusals({ before, after, entries, renamed: {} });
    return problems.length === 0 ? "allowed" : "refused";
  } catch (error) {
    if (error instanceof FlowError) return "impossible";
    throw error;
  }
}

/** One thing somewhere in the flow is other than it was. */
function altered(spec: FlowSpec, random: Random): FlowSpec {
  const place = random.whole(0, Math.max(0, spec.children.length - 1));
  const child = spec.children[place];
  if (child?.kind === "flow" && random.chance(0.7)) {
    return { ...spec, children: spec.children.with(place, altered(child, random)) };
  }
  const added = { kind: "task", name: `new ${random.whole(0, 999)}` } as const;
  switch (random.whole(0, 4)) {
    case 0:
      return { ...spec, children: spec.children.toSpliced(place, 0, added) };
    case 1:
      return { ...spec, children: spec.children.toSpliced(place, 1) };
    case 2:
      return { ...spec, children: spec.children.toReversed() };
    case 3:
      return {
        ...spec,
        children: [{ ...spec, name: `${spec.name} inside`, children: [added] }, ...spec.children],
      };
    default:
      return { ...spec, pattern: spec.pattern === "linear" ? "unordered" : "linear", links: [] };
  }
}

async function goOn(before: CrashWorld, flow: RandomFlow): Promise<void> {
  const world = new CrashWorld(flow, compile(flow.spec));
  world.entries.push(...before.entries);
  for (const [atom, state] of before.states) world.states.set(atom, state);
  await world.finish();
}

function extended(spec: FlowSpec): FlowSpec {
  return { ...spec, children: [...spec.children, { kind: "task", name: "the one more" }] };
}
