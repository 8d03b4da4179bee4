import { describe, expect, it } from "vitest";
import type { Json } from "../../common/json.js";
import { apply } from "../../engine/apply.js";
import { createEngine } from "../../engine/engine.js";
import type { FlowSpec } from "../../engine/flow.js";
import { compile } from "../../engine/plan.js";
import { createState } from "../../engine/state.js";
import { graph, linear, link, retry, task, unordered } from "./support/words.js";

type Make = (size: number) => FlowSpec;

/** All behind a decider, and few of them at a time: many answers are out, or have come, at once. */
const asked: Make = (size) =>
  graph("f", names(size), {
    concurrency: 4,
    links: names(size)
      .slice(1)
      .map((to) => link("t0", to, { decider: "d" })),
  });

const names = (size: number): readonly string[] =>
  Array.from({ length: size }, (_, index) => `t${index}`);
const row: Make = (size) => linear("f", names(size));
const side: Make = (size) => unordered("f", names(size));

/** Each layer follows the whole layer before it: paths without number, few edges. */
function layers(size: number): FlowSpec {
  const children = names(size);
  const links = children.flatMap((to, index) =>
    children
      .slice(Math.max(0, index - (index % 3) - 3), index - (index % 3))
      .map((from) => link(from, to)),
  );
  return graph("f", children, { links });
}

/** Nodes looked at while all tasks of the flow run, and run back when `reverted`. */
function visits(spec: FlowSpec, reverted: boolean): number {
  const plan = compile(spec);
  const state = createState(plan);
  const atoms = [...plan.atoms.keys()];
  for (const atom of atoms) {
    apply(plan, state, [
      { change: "atom", atom, to: "RUNNING" },
      { change: "atom", atom, to: "SUCCESS" },
    ]);
  }
  if (reverted) {
    apply(plan, state, [{ change: "cancel", revert: true }]);
    for (const atom of atoms.reverse()) {
      apply(plan, state, [
        { change: "atom", atom, to: "REVERTING" },
        { change: "atom", atom, to: "REVERTED" },
      ]);
    }
  }
  return state.front.visits;
}

/**
 * Milliseconds of processor time for compiling and running a flow of no-op tasks in memory: what
 * else the machine does meanwhile does not count.
 */
async function timeOf(
  spec: FlowSpec,
  execute: (atom: string) => Promise<Json> = () => Promise.resolve(null),
): Promise<number> {
  const nothing = (): Promise<null> => Promise.resolve(null);
  const bodies = { revert: nothing, retryExecute: nothing, retryRevert: nothing };
  const started = process.cpuUsage();
  const engine = createEngine({
    plan: compile(spec),
    store: {},
    entries: [],
    bodies: {
      ...bodies,
      execute: ({ atom }) => execute(atom),
      onFailure: () => Promise.resolve("REVERT"),
      decide: () => Promise.resolve(true),
    },
    append: () => Promise.resolve(),
    now: () => 0,
    random: () => 0,
    sleep: (_, signal) => new Promise((end) => signal.addEventListener("abort", () => end())),
    job: "job",
  });
  await engine.run();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1_000;
}

/**
 * Of several rounds, taken in turn so that a busy moment of the machine hits both. A small flow is
 * run as often as a large one is larger: equal work, so that neither the clock's grain nor a
 * collection of garbage that only the long run meets is taken for a cost of size.
 */
async function medianPerTask(
  make: Make,
  sizes: readonly number[],
  rounds = 11,
): Promise<readonly number[]> {
  const times = sizes.map((): number[] => []);
  const work = Math.max(...sizes);
  for (let round = 0; round < rounds; round += 1) {
    for (const [place, size] of sizes.entries()) {
      let total = 0;
      for (let done = 0; done < work; done += size) total += await timeOf(make(size));
      times[place]?.push(total / work);
    }
  }
  return times.map((found) => found.sort((a, b) => a - b)[(rounds - 1) / 2] ?? 0);
}

describe("deciding", () => {
  it.each<[string, Make]>([
    ["a row", row],
    ["side by side", side],
    ["layers", layers],
  ])("looks at as many nodes per task in a large flow as in a small one: %s", (_what, make) => {
    for (const reverted of [false, true]) {
      const small = visits(make(300), reverted) / 300;
      const large = visits(make(3_000), reverted) / 3_000;

      expect(large).toBeLessThan(small * 1.1);
    }
  });

  it("of a layered diamond of 200 nodes takes no time to speak of", async () => {
    expect(await timeOf(layers(200))).toBeLessThan(1_000);
  });

  it.each<[string, Make]>([
    ["a row", row],
    ["side by side", side],
  ])(
    "takes as long per task among 10,000 as among 1,000: %s",
    async (_what, make) => {
      // Lets the compiler see it, and the heap grow to its size.
      for (let round = 0; round < 3; round += 1) await timeOf(make(10_000));

      const [small = 0, middle = 0, large = 0] = await medianPerTask(make, [1_000, 5_000, 10_000]);

      console.log(
        [small, middle, large].map((ms) => `${(ms * 1_000).toFixed(1)} us`).join(", "),
        "per task among 1,000, 5,000 and 10,000",
      );
      expect(large).toBeLessThan(small * 1.5);
    },
    60_000,
  );

  it("does not look at all answers that are out again at each of them", async () => {
    await timeOf(asked(2_000));

    const [small = 0, large = 0] = await medianPerTask(asked, [1_000, 8_000], 3);

    expect(large).toBeLessThan(small * 3); // 8 times as long where each looks at all.
  }, 60_000);

  it("of what deciders let through, and a failure then stops, needs no depth of the stack", async () => {
    const failing = (atom: string): Promise<string> =>
      atom === "t1" ? Promise.reject(new Error("no")) : Promise.resolve(atom);

    expect(await timeOf({ ...asked(20_000), concurrency: 1 }, failing)).toBeLessThan(20_000);
  });

  it("finds the nearest of thousands of providers without walking through all", async () => {
    const chain: Make = (size) =>
      linear(
        "f",
        names(size).map((name) => task(name, { provides: "x", requires: ["x"] })),
        { retry: retry({ type: "times", attempts: 1 }, { provides: "x" }) },
      );
    const beside: Make = (size) => ({ ...chain(size), pattern: "unordered" });
    await timeOf(chain(200));

    for (const make of [chain, beside]) {
      const [small = 0, large = 0] = await medianPerTask(make, [500, 5_000]);

      expect(large).toBeLessThan(small * 3);
    }
  }, 60_000);
});
