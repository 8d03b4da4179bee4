import { describe, expect, it } from "vitest";
import { compile, validate } from "../../engine/plan.js";
import { problem } from "./support/problem.js";
import { fail, Gate, Stage } from "./support/stage.js";
import { linear, retry, task, unordered } from "./support/words.js";

const SECOND = { timeoutMs: 1_000 };

describe("a flow's time limit", () => {
  it("aborts what runs and reverts everything; no retry is asked", async () => {
    const gate = new Gate();
    const again = retry({ type: "times", attempts: 5 });
    const stage = new Stage(linear("f", ["a", "b", "c"], { ...SECOND, retry: again }), {
      execute: { b: gate.body },
    });
    const run = stage.run();
    await stage.clock.advance(999);
    expect(stage.calls).toEqual(["a.x", "b.x"]);
    await stage.clock.advance(1);

    expect(await run).toEqual({ ended: "REVERTED" });
    expect(stage.calls).toEqual(["a.x", "b.x", "b.r", "a.r"]);
    const failure = { name: "TimeoutError", message: 'flow "f" took longer than 1000 ms' };
    const changes = stage.entries.flatMap((entry) => entry.changes);
    expect(changes).toContainEqual({ change: "cancel", revert: true, failure });
    expect(stage.infos.at(-2)?.outcome).toMatchObject({ ok: false, failure });
  });

  it("ends the wait for the next attempt", async () => {
    const again = retry({ type: "times", attempts: 5 }, { backoff: { delayMs: 60_000 } });
    const stage = new Stage(linear("f", ["a"], { ...SECOND, retry: again }), {
      execute: { a: () => fail() },
    });
    const run = stage.run();
    await stage.clock.advance(1_000);

    expect(await run).toEqual({ ended: "REVERTED" });
  });

  it("counts the time of all owners, but none while the flow is suspended", async () => {
    const [first, second] = [new Gate(), new Gate()];
    const stage = new Stage(linear("f", ["a", task("b", { interruptible: true })], SECOND), {
      execute: { a: first.body, b: second.body },
    });
    const suspended = stage.engine();
    const left = suspended.run();
    await stage.clock.advance(400);
    suspended.leave("suspended", new AbortController().signal);
    first.open();
    expect(await left).toEqual({ left: "suspended" });
    await stage.clock.advance(100_000);

    const died = stage.engine();
    const dead = expect(died.run()).rejects.toThrow("died");
    await stage.clock.advance(500);
    died.abort(new Error("died"));
    await dead;

    const run = stage.run();
    await stage.clock.advance(99);
    expect(stage.lines.join()).not.toContain("cancel");
    await stage.clock.advance(1);

    expect(await run).toEqual({ ended: "REVERTED" });
  });

  it("does not begin to run before the flow does", async () => {
    const stage = new Stage(linear("f", ["a"], SECOND));
    await stage.append(1, [{ change: "flow", to: "SUSPENDED" }]);
    await stage.clock.advance(100_000);

    expect(await stage.run()).toEqual({ ended: "SUCCESS" });
  });

  it("leaves the reverts alone that it found going on", async () => {
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a"], SECOND), {
      execute: { a: () => fail() },
      revert: { a: gate.body },
    });
    const run = stage.run();
    await stage.clock.advance(5_000);
    gate.open();

    expect(await run).toEqual({ ended: "REVERTED" });
    expect(stage.lines.join()).not.toContain("cancel");
  });

  it("is nothing more to one who cancelled", async () => {
    const gate = new Gate(true);
    const stage = new Stage(linear("f", ["a"], SECOND), { execute: { a: gate.body } });
    const engine = stage.engine();
    const run = engine.run();
    await stage.clock.advance(900);
    engine.cancel(false);
    await stage.clock.advance(5_000);

    expect(await run).toEqual({ ended: "CANCELLED" });
    gate.open();
  });

  it("comes too late for one who cancelled just now", async () => {
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a"], SECOND), { execute: { a: gate.body } });
    const engine = stage.engine({
      sleep: async (ms, signal) => {
        await stage.clock.sleep(ms, signal);
        if (ms === 1_000) engine.cancel(true);
      },
    });
    const run = engine.run();
    await stage.clock.advance(1_000);

    expect(await run).toEqual({ ended: "CANCELLED" });
  });

  it("says FAILURE when something cannot be reverted then", async () => {
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a"], SECOND), {
      execute: { a: gate.body },
      revert: { a: () => fail() },
    });
    const run = stage.run();
    await stage.clock.advance(1_000);

    expect(await run).toEqual({ ended: "FAILURE" });
  });
});

describe("a flow's own limit of bodies at a time", () => {
  it("holds, unless the engine is given another", async () => {
    for (const [given, expected] of [
      [{}, 2],
      [{ concurrency: 3 }, 3],
    ] as const) {
      let now = 0;
      let most = 0;
      const body = async () => {
        most = Math.max(most, (now += 1));
        await Promise.resolve();
        now -= 1;
        return null;
      };
      const spec = unordered("f", ["a", "b", "c", "d"], { concurrency: 2 });
      const stage = new Stage(spec, { execute: { a: body, b: body, c: body, d: body } });

      expect(await stage.run(given)).toEqual({ ended: "SUCCESS" });
      expect(most).toBe(expected);
    }
  });

  it.each([{ concurrency: 0 }, { concurrency: Number.NaN }, { timeoutMs: 0 }])(
    "and of its time make sense: %o does not",
    (limits) => {
      expect(problem(() => compile(linear("f", [], limits))).problem).toBe("BadValue");
    },
  );

  it("and of a task's time: nothing at all is refused, by its name", () => {
    const spec = linear("f", [linear("g", [task("a", { timeoutMs: 0 })])]);

    expect(problem(() => compile(spec)).message).toBe(
      'Flow "f/g": the time limit of "a" must be more than nothing',
    );
  });
});

describe("revert's own arguments", () => {
  const spec = linear("f", [
    task("name", { provides: "x" }),
    task("a", {
      requires: ["n"],
      revertArgs: { requires: ["what", "y"], rebind: { what: "x" } },
    }),
    task("b", { reverts: false }),
  ]);

  it("are looked up instead of those of execute", async () => {
    const stage = new Stage(spec, { execute: { b: () => fail() } });

    await stage.run({ store: { n: 1, y: 2 } });

    const calls = stage.infos.map(({ args }, index) => [stage.calls[index], args]);
    expect(calls).toContainEqual(["a.x", { n: 1 }]);
    expect(calls).toContainEqual(["a.r", { what: "name", y: 2 }]);
  });

  it("must have a source before execute may start", () => {
    expect(problem(() => validate(compile(spec), ["n"])).names).toEqual(["y"]);
  });
});
