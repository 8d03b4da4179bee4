import { describe, expect, it } from "vitest";
import {
  type Capability,
  type Surroundings,
  toRegistry,
  type Verdict,
} from "../../capabilities/capability.js";
import { createEvaluator, TURNS_MAX } from "../../capabilities/evaluate.js";
import type { Json } from "../../common/json.js";
import { known, type Reading, unknown } from "../../facts/source.js";
import { openFacts, source } from "../facts/open-facts.js";

const ABLE: Verdict = { able: true };
const NOT_ABLE: Verdict = { able: false, observed: "it rains", needed: "sun" };

/** A capability that answers with its first argument, and a count of how often it was asked. */
function weather(more: Partial<Capability> = {}) {
  const asked: (readonly Json[])[] = [];
  const capability: Capability = {
    name: "weather",
    summary: "",
    usage: "day",
    needs: [],
    cost: "cheap",
    cacheMs: 1_000,
    mistake: () => undefined,
    check: (args) => {
      asked.push(args);
      return args[0] === "bad" ? NOT_ABLE : ABLE;
    },
    ...more,
  };
  return { capability, asked };
}

function evaluating(...capabilities: readonly Capability[]) {
  const load = { answer: known(1) as Reading<number>, asked: 0 };
  const { source: loads } = source(() => {
    load.asked += 1;
    return { load: load.answer };
  });
  const facts = openFacts({ sources: [loads] });
  const { clock } = facts;
  const registry = toRegistry(capabilities);
  return { clock, load, ...createEvaluator({ capabilities: registry, facts, clock }) };
}

const clause = (...args: readonly Json[]) => ({ name: "weather", args });

describe("clauses are asked", () => {
  it("in the order written, up to the first no", async () => {
    const { capability, asked } = weather();
    const { evaluate } = evaluating(capability);

    const answer = await evaluate([clause("good"), clause("bad"), clause("never")]);

    expect(asked).toEqual([["good"], ["bad"]]);
    expect(answer).toEqual({
      able: false,
      clause: clause("bad"),
      reason: "weather(bad): it rains; needed: sun",
      unknown: false,
    });
  });

  it("not at all when there are none", async () => {
    expect(await evaluating().evaluate([])).toEqual({ able: true });
  });

  it("once for each argument set while the verdict holds", async () => {
    const { capability, asked } = weather();
    const { evaluate, clock } = evaluating(capability);

    await evaluate([clause(1), clause(2)]);
    await clock.advance(999);
    await evaluate([clause(1), clause(2)]);
    expect(asked).toHaveLength(2);
    await clock.advance(1);
    await evaluate([clause(1)]);

    expect(asked).toHaveLength(3);
  });

  it("once for many jobs that ask at the same time", async () => {
    const { capability, asked } = weather();
    const { evaluate } = evaluating(capability);

    await Promise.all(Array.from({ length: 20 }, () => evaluate([clause(1)])));

    expect(asked).toHaveLength(1);
  });

  it("once for ever when the capability says that it cannot change", async () => {
    const { capability, asked } = weather({ cacheMs: Infinity });
    const { evaluate, clock } = evaluating(capability);

    await evaluate([clause(1)]);
    await clock.advance(1e9);
    await evaluate([clause(1)]);

    expect(asked).toHaveLength(1);
  });

  it("without keeping more verdicts than a thousand", async () => {
    const { capability, asked } = weather({ cacheMs: Infinity });
    const { evaluate } = evaluating(capability);
    for (let n = 0; n <= 1_000; n += 1) await evaluate([clause(n)]);

    await evaluate([clause(1_000)]);
    expect(asked).toHaveLength(1_001);
    await evaluate([clause(0)]);

    expect(asked).toHaveLength(1_002);
  });
});

describe("an answer is at hand", () => {
  it("when nothing dear and no other process has to be asked for it", async () => {
    const { capability } = weather();
    const { atHand } = evaluating(capability);

    expect(await atHand([clause("good")])).toEqual({ able: true });
    expect(await atHand([clause("bad")])).toMatchObject({ able: false });
    expect(await atHand([{ name: "gpu", args: [] }])).toMatchObject({ able: false, unknown: true });
  });

  it.each([{ cost: "dear" as const }, { remote: true }])(
    "of one that is %j only while it is remembered",
    async (more) => {
      const { capability, asked } = weather(more);
      const { atHand, evaluate, clock } = evaluating(capability);

      expect(await atHand([clause("bad")])).toBeUndefined();
      expect(asked).toEqual([]);
      await evaluate([clause("bad")]);
      expect(await atHand([clause("bad")])).toMatchObject({ able: false });
      await clock.advance(1_000);

      expect(await atHand([clause("bad")])).toBeUndefined();
    },
  );
});

describe("nobody can tell, which counts as not able, when a capability", () => {
  it.each([
    ["is unknown", {}, { name: "gpu", args: [] }, "gpu: this agent knows no such capability"],
    ["says so", { check: () => ({ unknown: "fog" }) }, clause(), "weather: fog"],
    ["throws", { check: thrower }, clause(), "weather: no sensor"],
    ["rejects", { check: async () => thrower() }, clause(), "weather: no sensor"],
  ])("%s", async (_, more, asked, reason) => {
    const { evaluate } = evaluating(weather(more).capability);

    const answer = await evaluate([asked]);

    expect(answer).toEqual({ able: false, clause: asked, reason, unknown: true });
  });

  it("takes too long, and then it is told to stop", async () => {
    let stopped: AbortSignal | undefined;
    const check = (_: readonly Json[], { signal }: Surroundings) => {
      stopped = signal;
      return new Promise<Verdict>(() => undefined);
    };
    const { evaluate, clock } = evaluating(weather({ check }).capability);

    const answer = evaluate([clause()]);
    await clock.advance(249);
    expect(stopped?.aborted).toBe(false);
    await clock.advance(1);

    expect(await answer).toMatchObject({ reason: "weather: no answer within 250 ms" });
    expect(stopped?.aborted).toBe(true);
  });

  it("is asked again soon, however long its verdicts hold", async () => {
    let verdict: Verdict = { unknown: "fog" };
    const { capability } = weather({ cacheMs: Infinity, check: () => verdict });
    const { evaluate, clock } = evaluating(capability);

    expect(await evaluate([clause()])).toMatchObject({ able: false });
    verdict = ABLE;
    await clock.advance(1_000);

    expect(await evaluate([clause()])).toEqual({ able: true });
  });

  function thrower(): never {
    throw new Error("no sensor");
  }
});

describe("the facts a capability needs", () => {
  it("are looked at anew when they are older than a verdict may be", async () => {
    const seen: unknown[] = [];
    const check: Capability["check"] = (_, { facts }) => {
      seen.push(facts.load);
      return ABLE;
    };
    const { evaluate, clock, load } = evaluating(weather({ needs: ["load"], check }).capability);

    await evaluate([clause(1)]);
    load.answer = known(2);
    await evaluate([clause(2)]);
    await clock.advance(1_001);
    await evaluate([clause(3)]);

    expect(seen).toEqual([1, 1, 2]);
    expect(load.asked).toBe(2);
  });

  it("make the verdict unknown when one of them is, and the check is not asked", async () => {
    const { capability, asked } = weather({ needs: ["load", "gpus"] });
    const { evaluate, load } = evaluating(capability);
    load.answer = unknown("hidden here");

    expect(await evaluate([clause()])).toMatchObject({
      reason: "weather: load is unknown: hidden here",
      unknown: true,
    });
    expect(asked).toEqual([]);
  });
});

describe("all clauses", () => {
  it("are asked when somebody wants to know everything, whatever the others say", async () => {
    const { verdict } = evaluating(weather().capability);

    const told = await Promise.all(
      [clause("bad"), clause("good"), { name: "gpu", args: [] }].map(verdict),
    );

    expect(told).toEqual([NOT_ABLE, ABLE, { unknown: "this agent knows no such capability" }]);
  });

  it("that are dear are asked of nobody else who is curious while many wait", async () => {
    const check: Capability["check"] = () => new Promise<Verdict>(() => undefined);
    const dear = evaluating(weather({ cost: "dear", check }).capability);
    const cheap = evaluating(weather({ check }).capability);
    for (let n = 0; n < TURNS_MAX; n += 1) {
      expect(dear.busy(clause(n))).toBe(false);
      for (const { verdict } of [dear, cheap]) void verdict(clause(n));
    }

    expect(dear.busy(clause(TURNS_MAX))).toBe(true);
    expect(dear.busy(clause(0))).toBe(false); // It is being asked anyway.
    expect(cheap.busy(clause(TURNS_MAX))).toBe(false);
    await dear.clock.advance(250);
    expect(dear.busy(clause(TURNS_MAX))).toBe(false);
  });

  it("that are dear are asked one at a time, and one that hangs holds up nobody for long", async () => {
    let now = 0;
    let most = 0;
    const check: Capability["check"] = async ([day]) => {
      most = Math.max(most, ++now);
      if (day === "never") await new Promise(() => undefined);
      await Promise.resolve();
      now -= 1;
      return ABLE;
    };
    const { verdict, clock } = evaluating(weather({ cost: "dear", check }).capability);

    const three = await Promise.all([clause(1), clause(2), clause(3)].map(verdict));
    expect(three).toEqual([ABLE, ABLE, ABLE]);
    expect(most).toBe(1);
    const hanging = Promise.all([clause("never"), clause(4)].map(verdict));
    await clock.advance(250);

    expect(await hanging).toEqual([{ unknown: "no answer within 250 ms" }, ABLE]);
  });
});

describe("capabilities", () => {
  it("are named as clauses can name them", () => {
    const { capability } = weather({ name: "Port is free" });

    expect(() => toRegistry([capability])).toThrow('cannot be named "Port is free"');
  });

  it("do not share a name", () => {
    const { capability } = weather();

    expect(() => toRegistry([capability, capability])).toThrow('two capabilities named "weather"');
  });
});
