import { describe, expect, it } from "vitest";
import { fail, Gate, Stage } from "./support/stage.js";
import { linear, retry } from "./support/words.js";

describe("cancelling", () => {
  it("stops what runs, reverts what ran, and ends CANCELLED", async () => {
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a", "b", "c"]), { execute: { b: gate.body } });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.cancel(true);

    expect(await run).toEqual({ ended: "CANCELLED" });
    expect(stage.calls).toEqual(["a.x", "b.x", "b.r", "a.r"]);
    expect(stage.lines.slice(2)).toEqual([
      "cancel, flow REVERTING",
      "b FAILURE, b REVERTING",
      "b REVERTED, a REVERTING",
      "a REVERTED, flow CANCELLED",
    ]);
    const failure = stage.infos.find((_, index) => stage.calls[index] === "b.r")?.outcome;
    expect(failure).toMatchObject({ ok: false, failure: { name: "CancelledError" } });
  });

  it("leaves everything as it is when told not to revert", async () => {
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a", "b"]), { execute: { b: gate.body } });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.cancel(false);

    expect(await run).toEqual({ ended: "CANCELLED" });
    expect(stage.states("a")).toEqual(["RUNNING", "SUCCESS"]);
    expect(stage.calls).toEqual(["a.x", "b.x"]);
  });

  it("lets reverts go on that run already, unless told not to revert", async () => {
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a", "b"]), {
      execute: { b: () => fail() },
      revert: { b: gate.body },
    });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.cancel(true);
    await stage.clock.advance(1);
    expect(stage.states("b").at(-1)).toBe("REVERTING");
    engine.cancel(false);

    expect(await run).toEqual({ ended: "CANCELLED" });
    expect(stage.states("b").at(-1)).toBe("REVERT_FAILURE");
    expect(stage.states("a")).toEqual(["RUNNING", "SUCCESS"]);
  });

  it("asks no retry about what it stopped", async () => {
    const gate = new Gate();
    const spec = linear("f", ["a"], { retry: retry({ type: "times", attempts: 5 }) });
    const stage = new Stage(spec, { execute: { a: gate.body } });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.cancel(true);

    expect(await run).toEqual({ ended: "CANCELLED" });
    expect(stage.lines.join()).not.toContain("RETRY");
  });

  it("is finished by the next owner when the first one died", async () => {
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a", "b"]), { execute: { b: gate.body } });
    await stage.append(1, [
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "atom", atom: "a", to: "SUCCESS", result: 1 },
      { change: "cancel", revert: true },
    ]);

    expect(await stage.run()).toEqual({ ended: "CANCELLED" });
    expect(stage.states("a").at(-1)).toBe("REVERTED");
  });

  it("says FAILURE when something cannot be reverted", async () => {
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a", "b"]), {
      execute: { b: gate.body },
      revert: { a: () => fail() },
    });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.cancel(true);

    expect(await run).toEqual({ ended: "FAILURE" });
  });

  it("does not wait for ever for one that does not listen", async () => {
    const gate = new Gate(true);
    const stage = new Stage(linear("f", ["a"]), { execute: { a: gate.body } });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.cancel(true);
    await stage.clock.advance(5_000);

    expect(await run).toEqual({ ended: "CANCELLED" });
    gate.open();
  });
});
