import { describe, expect, it } from "vitest";
import { SETTLE_MS } from "../../engine/loop/calls.js";
import { fail, failing, Gate, Stage } from "./support/stage.js";
import { linear, retry, task, unordered } from "./support/words.js";

const patient = (): AbortSignal => new AbortController().signal;

describe("leaving", () => {
  it("lets what runs end, starts nothing more, and hands over", async () => {
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a", "b"]), { execute: { a: gate.body } });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.leave("handover", patient());
    gate.open();

    expect(await run).toEqual({ left: "handover" });
    expect(stage.lines).toEqual(["flow RUNNING, a RUNNING", "a SUCCESS, handover"]);
    expect(await stage.run()).toEqual({ ended: "SUCCESS" });
  });

  it("leaves SUSPENDED behind when that is wanted, and goes on from there", async () => {
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a", "b"]), { execute: { a: gate.body } });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.leave("suspended", patient());
    gate.open();

    expect(await run).toEqual({ left: "suspended" });
    await stage.run();

    expect(stage.lines.slice(1)).toEqual([
      "a SUCCESS, flow SUSPENDED",
      "flow RUNNING, b RUNNING",
      "b SUCCESS, flow SUCCESS",
    ]);
  });

  it("goes on reverting what was suspended while it reverted", async () => {
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a", "b"]), {
      execute: { b: () => fail() },
      revert: { b: gate.body },
    });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.leave("suspended", patient());
    gate.open();
    await run;

    expect(await stage.run()).toEqual({ ended: "REVERTED" });
    expect(stage.lines.slice(-2)).toEqual([
      "flow REVERTING, a REVERTING",
      "a REVERTED, flow REVERTED",
    ]);
  });

  it("ends the flow when nothing is left to do", async () => {
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a"]), { execute: { a: gate.body } });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.leave("handover", patient());
    gate.open();

    expect(await run).toEqual({ ended: "SUCCESS" });
  });

  it("before anything began writes only that", async () => {
    const stage = new Stage(linear("f", ["a"]));
    const engine = stage.engine();
    engine.leave("handover", patient());

    expect(await engine.run()).toEqual({ left: "handover" });
    expect(stage.lines).toEqual(["handover"]);
  });

  it("ends an empty flow that it left before it began", async () => {
    const stage = new Stage(linear("f", []));
    const engine = stage.engine();
    engine.leave("handover", patient());

    expect(await engine.run()).toEqual({ ended: "SUCCESS" });
    expect(stage.lines).toEqual(["flow RUNNING, flow SUCCESS"]);
  });

  it("says FAILURE, not that work is left, once a revert has failed", async () => {
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a", "b"]), {
      execute: { b: () => fail() },
      revert: { b: (call, hooks) => gate.body(call, hooks).then(() => fail()) },
    });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.leave("handover", patient());
    gate.open();

    expect(await run).toEqual({ ended: "FAILURE" });
  });

  it("stops a service at once and leaves it RUNNING for the next owner", async () => {
    const gate = new Gate();
    const spec = unordered("f", [task("web", { interruptible: true }), "b"]);
    const stage = new Stage(spec, { execute: { web: gate.body } });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.leave("handover", patient());

    expect(await run).toEqual({ left: "handover" });
    expect(stage.states("web")).toEqual(["RUNNING"]);
    expect(stage.states("b")).toEqual(["RUNNING", "SUCCESS"]);
  });

  it("records the good end of a service that was just ending", async () => {
    const gate = new Gate(true);
    const spec = linear("f", [task("web", { interruptible: true }), "b"]);
    const stage = new Stage(spec, { execute: { web: gate.body } });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.leave("handover", patient());
    gate.open();

    expect(await run).toEqual({ left: "handover" });
    expect(stage.states("web")).toEqual(["RUNNING", "SUCCESS"]);
  });

  it("does not wait for the others any longer than its grace", async () => {
    const grace = new AbortController();
    const gate = new Gate();
    const stage = new Stage(linear("f", ["a"]), { execute: { a: gate.body } });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.leave("handover", grace.signal);
    grace.abort();

    expect(await run).toEqual({ left: "handover" });
    expect(stage.states("a")).toEqual(["RUNNING"]);
  });

  it("waits a second, not longer, for one that does not listen", async () => {
    const gate = new Gate(true);
    const stage = new Stage(linear("f", ["a"]), { execute: { a: gate.body } });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.leave("handover", AbortSignal.abort());
    await stage.clock.advance(999);
    expect(stage.lines).toHaveLength(1);
    await stage.clock.advance(1);

    expect(await run).toEqual({ left: "handover" });
    gate.open();
    expect(stage.states("a")).toEqual(["RUNNING"]);
  });

  it.each(["handover", "suspended"] as const)(
    "by %s does not call a service whose start was just written",
    async (how) => {
      const stage = new Stage(linear("f", [task("web", { interruptible: true })]));
      const engine = stage.engine({
        append: async (changes) => {
          await stage.append(1, changes);
          if (stage.entries.length === 1) engine.leave(how, patient());
        },
      });

      expect(await engine.run()).toEqual({ left: how });
      expect(stage.calls).toEqual([]);
      expect(stage.states("web")).toEqual(["RUNNING"]);
    },
  );

  it("suspended lets an atom whose start was just written run to its end", async () => {
    const stage = new Stage(linear("f", ["a", "b"]));
    const engine = stage.engine({
      append: async (changes) => {
        await stage.append(1, changes);
        engine.leave("suspended", patient());
      },
    });

    expect(await engine.run()).toEqual({ left: "suspended" });
    expect(stage.calls).toEqual(["a.x"]);
  });

  it("suspended without any grace does not even do that", async () => {
    const stage = new Stage(linear("f", ["a", "b"]));
    const engine = stage.engine({
      append: async (changes) => {
        await stage.append(1, changes);
        engine.leave("suspended", AbortSignal.abort());
      },
    });

    expect(await engine.run()).toEqual({ left: "suspended" });
    expect(stage.calls).toEqual([]);
  });

  it("leaves a question that nobody answers to the next owner", async () => {
    const spec = linear("f", ["a"], { retry: retry({ type: "custom" }, { name: "r" }) });
    const grace = new AbortController();
    const stage = new Stage(spec, {
      execute: { a: failing(1) },
      onFailure: () => new Promise(() => undefined),
    });
    const engine = stage.engine();
    const run = engine.run();
    await stage.clock.advance(1);
    expect(stage.calls.at(-1)).toBe("r.?");
    engine.leave("handover", grace.signal);
    grace.abort();

    expect(await run).toEqual({ left: "handover" });
  });

  it("hands over only when what a forsaken atom started is gone", async () => {
    const killed = new Gate();
    const web = task("web", { interruptible: true });
    const stage = new Stage(linear("f", [web]), {
      execute: { web: () => new Promise(() => undefined) },
      kill: async () => void (await killed.body({} as never, { signal: patient() } as never)),
    });
    const engine = stage.engine();
    const run = engine.run();
    await stage.clock.advance(1);
    engine.leave("handover", patient());
    await stage.clock.advance(SETTLE_MS);
    await killed.entered;

    expect(stage.lines.at(-1)).not.toContain("handover");
    killed.open();

    expect(await run).toEqual({ left: "handover" });
  });

  it("asks no question of the author's any more", async () => {
    const gate = new Gate();
    const spec = linear("f", ["a"], { retry: retry({ type: "custom" }, { name: "r" }) });
    const stage = new Stage(spec, {
      execute: { a: (call, hooks) => gate.body(call, hooks).then(() => fail()) },
    });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.leave("handover", patient());
    gate.open();

    expect(await run).toEqual({ left: "handover" });
    expect(stage.calls).toEqual(["r.x", "a.x"]);
    expect(await stage.run()).toEqual({ ended: "REVERTED" });
  });
});
