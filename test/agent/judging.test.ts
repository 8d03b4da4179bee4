import { expect, it, onTestFinished } from "vitest";
import { Judging } from "../../agent/matching/judging.js";
import { Ledger } from "../../agent/matching/ledger.js";
import { Matcher } from "../../agent/matching/match.js";
import { type Capability, toRegistry } from "../../capabilities/capability.js";
import { createEvaluator } from "../../capabilities/evaluate.js";
import { type Clause, toSignature } from "../../common/job.js";
import { createFacts } from "../../facts/facts.js";
import { FakeClock } from "../support/fake-clock.js";

const CHECK_MS = 230;
const HELLO = signature();
const UNABLE = Array.from({ length: 40 }, (_, n) => signature({ name: "slow", args: [n] }));

it("finds what fits among forty signatures that take a while to be found unable", async () => {
  const { clock, judging } = open();
  const began = clock.monotonic();

  const able = judging.able([...UNABLE, HELLO]);
  await clock.advance(100);

  expect(await able).toEqual([HELLO]);
  expect(clock.monotonic() - began).toBe(100);
});

it("does not wait again for those that it is asking, nor for those that did not fit", async () => {
  const { clock, judging } = open();
  await pass(clock, judging.able([...UNABLE, HELLO]), 100);

  expect(await judging.able([...UNABLE, HELLO])).toEqual([HELLO]);
  await clock.advance(40 * CHECK_MS);
  expect(await judging.able([...UNABLE, HELLO])).toEqual([HELLO]);
});

it("tells when one is found to fit after its look, which then counts at once", async () => {
  const { clock, judging, found } = open({ able: 3 });
  expect(await pass(clock, judging.able(UNABLE), 100)).toEqual([]);

  await clock.advance(4 * CHECK_MS);
  expect(found.times).toBe(1);

  expect(await judging.able(UNABLE)).toEqual([UNABLE[3]]);
  expect(await pass(clock, judging.able(UNABLE), 100)).toEqual([]);
});

it("asks a new signature before it asks again those that did not fit", async () => {
  const { clock, judging } = open({ able: 99 });
  await pass(clock, judging.able(UNABLE), 100);
  await clock.advance(60_000);
  const late = signature({ name: "slow", args: [99] });

  void judging.able(UNABLE);
  await clock.advance(10);
  const able = judging.able([...UNABLE, late]);
  await clock.advance(100);
  expect(await able).toEqual([]);
  await clock.advance(5 * CHECK_MS);

  expect(await judging.able([...UNABLE, late])).toEqual([late]);
});

it("asks again for about half of the time, and each in its turn", async () => {
  const { clock, judging, asked } = open();
  await pass(clock, judging.able(UNABLE), 100);
  await clock.advance(60_000);
  asked.length = 0;

  for (let look = 0; look < 10; look += 1) {
    await judging.able(UNABLE);
    await clock.advance(2_000);
  }

  expect(asked.length * CHECK_MS).toBeLessThanOrEqual(10 * 2_000 * 0.75);
  expect(new Set(asked).size).toBe(40);
});

it("lets dear checks of one capability wait for each other and for no others", async () => {
  const { clock, judging } = open();
  const other = signature({ name: "other", args: [] });

  const able = judging.able([...UNABLE.slice(0, 3), other]);
  await clock.advance(60);

  expect(await pass(clock, able, 40)).toEqual([other]);
});

it("asks nothing more once it is stopped", async () => {
  const { clock, judging, asked } = open();
  await pass(clock, judging.able(UNABLE), 100);
  judging.stop();
  await clock.advance(60_000);

  expect(asked).toEqual([0, 1, 2, 3]); // Those that had begun.
});

function signature(...clauses: readonly Clause[]): string {
  return toSignature({ protocol: 1, flow: "hello", version: 1, clauses });
}

async function pass<T>(clock: FakeClock, waited: Promise<T>, ms: number): Promise<T> {
  await clock.advance(ms);
  return waited;
}

/** A dear capability `slow` that fits one argument only, and `other`, which takes 50 ms. */
function open({ able = -1 }: { readonly able?: number } = {}) {
  const clock = new FakeClock();
  const asked: unknown[] = [];
  const found = { times: 0 };
  const common = { summary: "", usage: "", needs: [], cacheMs: 0, mistake: () => undefined };
  const slow: Capability = {
    ...{ ...common, name: "slow", cost: "dear", limitMs: 5_000 },
    async check([arg]) {
      asked.push(arg);
      await clock.sleep(CHECK_MS);
      return arg === able ? { able: true } : { able: false, observed: "rain", needed: "sun" };
    },
  };
  const other: Capability = {
    ...{ ...common, name: "other", cost: "cheap", remote: true },
    async check() {
      await clock.sleep(50);
      return { able: true };
    },
  };
  const registry = toRegistry([slow, other]);
  const facts = createFacts({ clock, agent: "a", sources: [], keyed: {} as never });
  onTestFinished(() => facts[Symbol.asyncDispose]());
  const evaluator = createEvaluator({ capabilities: registry, facts, clock });
  const matcher = new Matcher({
    flows: () => new Map([["hello", [1]]]),
    abilities: { ...evaluator, get: (name) => registry.get(name), keys: () => registry.keys() },
    ledger: new Ledger({ agent: "a" }),
  });
  const judging = new Judging({ matcher, clock, found: () => (found.times += 1) });
  onTestFinished(() => judging.stop());
  return { clock, judging, found, asked };
}
