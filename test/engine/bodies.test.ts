import { describe, expect, it } from "vitest";
import { JobrunnerError } from "../../common/error.js";
import type { CallHooks } from "../../engine/bodies.js";
import { fail, Gate, Stage } from "./support/stage.js";
import { linear, task } from "./support/words.js";

describe("a body", () => {
  it("that takes longer than its limit is told to stop and has failed", async () => {
    const gate = new Gate();
    const spec = linear("f", [task("a", { timeoutMs: 100 })]);
    const stage = new Stage(spec, { execute: { a: gate.body } });
    const run = stage.run();
    await stage.clock.advance(100);

    expect(await run).toEqual({ ended: "REVERTED" });
    expect(stage.infos[0]?.timeoutMs).toBe(100);
    expect(stage.infos[1]?.outcome).toMatchObject({
      failure: { name: "TimeoutError", message: '"a" took longer than 100 ms' },
    });
  });

  it("that does not listen to its limit is given up five seconds later", async () => {
    const gate = new Gate(true);
    const stage = new Stage(linear("f", [task("a", { timeoutMs: 100 })]), {
      execute: { a: gate.body },
    });
    const engine = stage.engine();
    const run = engine.run();
    await stage.clock.advance(100);
    engine.cancel(true); // A second reason to stop changes nothing.
    await stage.clock.advance(5_000);

    expect(await run).toEqual({ ended: "CANCELLED" });
    gate.open();
  });

  it("that ends in time is not disturbed", async () => {
    const stage = new Stage(linear("f", [task("a", { timeoutMs: 100 })]));

    expect(await stage.run()).toEqual({ ended: "SUCCESS" });
    await stage.clock.advance(1_000);
    expect(stage.entries).toHaveLength(2);
  });

  it("can save a value, which is durable then and handed to its next call", async () => {
    const died = new JobrunnerError("OWNERSHIP_LOST", "died");
    let durable = false;
    const stage = new Stage(linear("f", ["a"]), {
      execute: {
        a: async ({ saved }, hooks) => {
          if (saved !== undefined) return saved;
          await hooks.saved({ page: 7 });
          durable = stage.lines.at(-1) === "saved a";
          throw died;
        },
      },
    });
    await expect(stage.run()).rejects.toBe(died);
    expect(durable).toBe(true);

    await stage.run();

    expect(stage.infos[1]).toMatchObject({ again: true, saved: { page: 7 } });
  });

  it("can tell how far it is, as long as it runs", async () => {
    const told: unknown[] = [];
    const kept: CallHooks[] = [];
    const stage = new Stage(linear("f", ["a"]), {
      execute: {
        a: (_call, hooks) => {
          kept.push(hooks);
          hooks.progress(0.5, "half");
          return null;
        },
      },
    });

    await stage.run({ progress: (...words) => told.push(words) });
    kept[0]?.progress(1);

    expect(told).toEqual([["a", 0.5, "half"]]);
    await expect(kept[0]?.saved(1)).rejects.toMatchObject({ code: "OWNERSHIP_LOST" });
  });

  it("that nobody listens to may tell it all the same", async () => {
    const stage = new Stage(linear("f", ["a"]), {
      execute: { a: (_call, hooks) => void hooks.progress(0.5) as unknown as null },
    });

    expect(await stage.run()).toEqual({ ended: "SUCCESS" });
  });

  it("that fails after its engine is over is heard by nobody", async () => {
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a"]), { execute: { a: gate.body } });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.abort(new Error("lost"));
    await expect(run).rejects.toThrow("lost");

    await stage.clock.advance(1);

    expect(stage.entries).toHaveLength(1);
  });

  it("is not called when an argument has no value: the atom has failed, nothing is undone", async () => {
    const spec = linear("f", [task("a", { provides: ["x", "y"] }), task("b", { requires: ["y"] })]);
    const stage = new Stage(spec, { execute: { a: () => ["only x"] } });

    const end = await stage.run();

    expect(end).toEqual({ ended: "REVERTED" });
    expect(stage.calls).toEqual(["a.x", "a.r"]);
    expect(stage.lines[1]).toBe(
      "a SUCCESS, b RUNNING, b FAILURE, flow REVERTING, b REVERTING, b REVERTED, a REVERTING",
    );
  });

  it("whose revert takes no arguments does not need them", async () => {
    const spec = linear("f", [task("a", { requires: ["x"], revertArgs: "none" }), "b"]);
    const stage = new Stage(spec, { execute: { b: () => fail() } });

    await stage.run({ store: { x: 1 } });

    expect(stage.infos.at(-1)).toMatchObject({ atom: "a", args: {}, outcome: { value: "a" } });
  });

  it("whose revert cannot get its arguments has not been reverted", async () => {
    const stage = new Stage(linear("f", [task("a", { requires: ["x"] }), "b"]));
    await stage.append(1, [
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "atom", atom: "a", to: "SUCCESS" },
      { change: "cancel", revert: true },
    ]);

    expect(await stage.run()).toEqual({ ended: "FAILURE" });
    expect(stage.states("a").at(-1)).toBe("REVERT_FAILURE");
  });
});
