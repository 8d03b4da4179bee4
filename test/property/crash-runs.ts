import type { EndState } from "../../common/job.js";
import type { FlowSpec } from "../../engine/flow.js";
import type { Change, Entry } from "../../engine/journal.js";
import type { Plan } from "../../engine/plan.js";
import type { CrashWorld, Fate } from "./crash-world.js";
import type { Random } from "./random.js";

/** One flow. */
export interface Subject {
  readonly plan: Plan;
  /** The flow with an empty journal. */
  readonly world: () => CrashWorld;
  /** How often what has happened. */
  readonly seen: Map<string, number>;
}

/** One run without a death; returns its journal. */
export async function undisturbed({
  plan,
  seen,
  world: create,
}: Subject): Promise<readonly Entry[]> {
  const world = create();
  const end = await world.finish();
  check(world, end);
  count(seen, end);
  count(seen, `nested ${nesting(plan.spec)} deep`);
  for (const { changes } of world.entries) for (const change of changes) note(seen, plan, change);
  return world.entries;
}

export async function killedAfterEach(
  { world: create }: Subject,
  entries: number,
): Promise<number> {
  for (let dieAfter = 1; dieAfter <= entries; dieAfter += 1) {
    const world = create();
    await world.own({ dieAfter });
    check(world, await world.finish());
  }
  const cursed = create();
  check(cursed, await cursed.finish({ dieAfter: 2 }));
  return entries + 1;
}

/** One run for each fate, at a random place; returns their number. */
export async function otherFates(
  { seen, world: create }: Subject,
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
    const world = create();
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
  if (end === "FAILURE" && !left.has("SUCCESS") && !left.has("REVERT_FAILURE")) {
    throw new Error(`FAILURE, and all is undone: ${[...left].join(", ")}`);
  }
  const running = [...left].filter((state) => state === "RUNNING" || state === "REVERTING");
  if (running.length > 0) throw new Error(`ended in ${end} with atoms in ${running.join(", ")}`);
}

function note(seen: Map<string, number>, plan: Plan, change: Change): void {
  if (change.change === "ignore" || change.change === "wait") count(seen, change.change);
  if (change.change === "atom" && change.to.endsWith("FAILURE")) {
    count(seen, `${plan.atoms.get(change.atom)?.kind} ${change.to}`);
  }
  if (change.change !== "decision") return;
  const spec = plan.atoms.get(change.retry)?.spec;
  if (spec?.kind === "retry") count(seen, `${spec.controller.type} ${change.decision}`);
}

function nesting({ children }: FlowSpec): number {
  return 1 + Math.max(0, ...children.map((child) => (child.kind === "flow" ? nesting(child) : 0)));
}

function count(seen: Map<string, number>, what: string): void {
  seen.set(what, (seen.get(what) ?? 0) + 1);
}
