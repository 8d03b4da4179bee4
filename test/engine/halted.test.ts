import { describe, expect, it } from "vitest";
import { fail, Gate, Stage } from "./support/stage.js";
import { linear, task, unordered } from "./support/words.js";

const BROKEN = task("c", { reverts: false });

describe("once a revert has failed", () => {
  it("what had begun is ended all the same, when its owner died in it", async () => {
    const gates = [new Gate(), new Gate()] as const;
    const stage = new Stage(unordered("f", ["a", "b", BROKEN]), {
      execute: { c: () => fail() },
      revert: {
        a: (call, hooks) => (call.again ? fail() : gates[0].body(call, hooks)),
        b: (call, hooks) => (call.again ? null : gates[1].body(call, hooks)),
      },
    });
    const engine = stage.engine();
    const died = expect(engine.run()).rejects.toThrow("died");
    await gates[0].entered;
    await gates[1].entered;
    engine.abort(new Error("died"));
    await died;

    expect(await stage.run({ concurrency: 1 })).toEqual({ ended: "FAILURE" });
    expect(stage.states("a").at(-1)).toBe("REVERT_FAILURE");
    expect(stage.states("b").at(-1)).toBe("REVERTED");
  });

  it("an owner that leaves does not call it the end while something has begun", async () => {
    const gate = new Gate();
    const pair = unordered("pair", ["b", linear("inner", ["a", "d"])]);
    const stage = new Stage(linear("f", [pair, BROKEN]), {
      execute: { c: () => fail() },
      revert: { b: (call, hooks) => gate.body(call, hooks).then(() => fail()) },
    });
    const engine = stage.engine({
      append: async (changes) => {
        await stage.append(1, changes);
        if (stage.states("a").at(-1) !== "REVERTING") return;
        engine.leave("handover", new AbortController().signal);
        gate.open();
      },
    });

    expect(await engine.run()).toEqual({ left: "handover" });
    expect(stage.states("b").at(-1)).toBe("REVERT_FAILURE");
    expect(await stage.run()).toEqual({ ended: "FAILURE" });
    expect(stage.states("a").at(-1)).toBe("REVERTED");
  });

  it.each(["the one that saw it", "the next one"])("%s starts no other revert", async (owner) => {
    const gate = new Gate();
    const last = new Gate();
    const others = linear("others", ["b", "d"]);
    const stage = new Stage(unordered("f", ["a", others, BROKEN]), {
      execute: { c: (call, hooks) => last.body(call, hooks).then(() => fail()) },
      revert: {
        a: () => fail(),
        d: (call, hooks) => (call.again ? null : gate.body(call, hooks)),
      },
    });
    const engine = stage.engine();
    const run = engine.run();
    await stage.clock.advance(1);
    last.open();
    await gate.entered;
    await stage.clock.advance(1);
    expect(stage.states("a").at(-1)).toBe("REVERT_FAILURE");
    if (owner === "the next one") {
      const died = expect(run).rejects.toThrow("died");
      engine.abort(new Error("died"));
      await died;
      expect(await stage.run()).toEqual({ ended: "FAILURE" });
    } else {
      gate.open();
      expect(await run).toEqual({ ended: "FAILURE" });
    }

    expect(stage.states("d").at(-1)).toBe("REVERTED");
    expect(stage.states("b")).toEqual(["RUNNING", "SUCCESS"]);
  });

  it("a failure that nothing is to resolve stays as it is for the next owner as well", async () => {
    const stage = new Stage(linear("f", ["a", "b"], { neverResolve: true }));
    await stage.append(1, [
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "atom", atom: "a", to: "FAILURE", failure: { name: "Error", message: "x" } },
    ]);

    expect(await stage.run()).toEqual({ ended: "FAILURE" });
    expect(stage.calls).toEqual([]);
  });
});
