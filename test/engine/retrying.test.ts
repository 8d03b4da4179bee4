import { describe, expect, it } from "vitest";
import { fail, failing, Gate, Stage } from "./support/stage.js";
import { linear, retry, task, unordered } from "./support/words.js";

const twice = retry({ type: "times", attempts: 2 });

describe("a retry of the engine's own", () => {
  it("starts with its content in one append", async () => {
    const stage = new Stage(unordered("f", ["a", "b"], { retry: twice }));

    await stage.run();

    expect(stage.lines[0]).toBe(
      "flow RUNNING, f_retry RUNNING, f_retry SUCCESS, a RUNNING, b RUNNING",
    );
  });

  it("reverts and runs its content again, what never started stays PENDING", async () => {
    const spec = linear("f", ["a", "b", "c"], { retry: retry({ type: "times", attempts: 3 }) });
    const stage = new Stage(spec, { execute: { b: failing(1) } });

    const end = await stage.run();

    expect(end).toEqual({ ended: "SUCCESS" });
    expect(stage.lines).toEqual([
      "flow RUNNING, f_retry RUNNING, f_retry SUCCESS, a RUNNING",
      "a SUCCESS, b RUNNING",
      "b FAILURE, f_retry: RETRY, b REVERTING",
      "b REVERTED, a REVERTING",
      "a REVERTED, f_retry RETRYING, reset a b, f_retry RUNNING, f_retry SUCCESS, a RUNNING",
      "a SUCCESS, b RUNNING",
      "b SUCCESS, c RUNNING",
      "c SUCCESS, flow SUCCESS",
    ]);
  });

  it("gives up after its last attempt, and counts anew under an outer one", async () => {
    const inner = linear("g", ["a"], { retry: twice });
    const spec = linear("f", [inner], { retry: retry({ type: "times", attempts: 2 }) });
    const stage = new Stage(spec, { execute: { a: failing(3) } });

    const end = await stage.run();

    expect(end).toEqual({ ended: "SUCCESS" });
    const decisions = stage.lines.join().match(/\w+: \w+/g);
    expect(decisions).toEqual([
      "g_retry: RETRY",
      "g_retry: REVERT",
      "f_retry: RETRY",
      "g_retry: RETRY",
    ]);
  });

  it("leaves what ran before its flow as it is, and says FAILURE for that", async () => {
    const spec = linear("f", ["a", linear("g", ["b"], { retry: retry({ type: "alwaysRevert" }) })]);
    const stage = new Stage(spec, { execute: { b: () => fail() } });

    const end = await stage.run();

    expect(end).toEqual({ ended: "FAILURE" });
    expect(stage.states("a")).toEqual(["RUNNING", "SUCCESS"]);
    expect(stage.states("g_retry").at(-1)).toBe("REVERTED");
  });

  it("hands the failure outwards where the flow says so: all is reverted", async () => {
    const inner = linear("g", ["b"], { retry: retry({ type: "alwaysRevert" }) });
    const stage = new Stage(linear("f", ["a", inner], { deferReverts: true }), {
      execute: { b: () => fail() },
    });

    const end = await stage.run();

    expect(end).toEqual({ ended: "REVERTED" });
    expect(stage.states("a").at(-1)).toBe("REVERTED");
  });

  it("is not asked any more once everything reverts", async () => {
    const gate = new Gate();
    const script = { execute: { a: gate.body, b: () => fail(), c: failing(1) } };
    const inner = linear("g", ["a"], { retry: twice });
    const all = linear("h", ["b"], { retry: retry({ type: "alwaysRevertAll" }) });
    const stage = new Stage(unordered("f", [inner, all]), script);
    const run = stage.run();
    await stage.clock.advance(1);

    gate.open();

    expect(await run).toEqual({ ended: "REVERTED" });
    expect(stage.states("a").at(-1)).toBe("REVERTED");
  });

  it("never turns a revert of everything back into another attempt", async () => {
    const gate = new Gate();
    const inner = linear("g", ["a"], { retry: retry({ type: "times", attempts: 9 }) });
    const all = linear("h", ["b"], { retry: retry({ type: "alwaysRevertAll" }) });
    const stage = new Stage(unordered("f", [inner, all]), {
      execute: { a: (call, hooks) => gate.body(call, hooks).then(() => fail()), b: () => fail() },
    });
    const run = stage.run();
    await stage.clock.advance(1);

    gate.open();

    expect(await run).toEqual({ ended: "REVERTED" });
    expect(stage.lines.join()).toContain("g_retry: RETRY");
    expect(stage.states("g_retry")).not.toContain("RETRYING");
  });

  it("fails like any atom when it has no value; the next outer one is asked", async () => {
    const inner = linear("g", ["a"], { retry: retry({ type: "forEach", values: [] }) });
    const stage = new Stage(linear("f", [inner], { retry: twice }));

    const end = await stage.run();

    expect(end).toEqual({ ended: "REVERTED" });
    expect(stage.states("g_retry")).toEqual([
      ...["RUNNING", "FAILURE", "REVERTING", "REVERTED", "PENDING"],
      ...["RUNNING", "FAILURE", "REVERTING", "REVERTED"],
    ]);
    expect(stage.calls).toEqual([]);
  });

  it("tells tasks the values of the present attempt, and reverts the failures of it", async () => {
    const spec = linear("f", [task("a", { requires: ["n"] }), "b"], {
      retry: retry({ type: "forEach", values: ["x", "y"] }, { provides: "n" }),
    });
    const stage = new Stage(spec, { execute: { a: failing(1), b: () => fail("second") } });

    await stage.run();

    const args = stage.infos.filter(({ atom }) => atom === "a").map((info) => info.args);
    expect(args).toEqual([{ n: "x" }, { n: "x" }, { n: "y" }, { n: "y" }]);
    const last = stage.infos.at(-1);
    expect(Object.keys(last?.flowFailures ?? {})).toEqual(["b"]);
  });
});

describe("back-off", () => {
  const spec = linear("f", ["a"], {
    retry: retry({ type: "times", attempts: 3 }, { backoff: { delayMs: 1_000, factor: 2 } }),
  });

  it("is an entry, and the next attempt starts when it is over", async () => {
    const stage = new Stage(spec, { execute: { a: failing(2) } });
    const run = stage.run();
    await stage.clock.advance(999);
    expect(stage.lines.at(-1)).toBe("a REVERTED, wait f_retry");

    await stage.clock.advance(1);
    expect(stage.calls).toEqual(["a.x", "a.r", "a.x", "a.r"]);
    await stage.clock.advance(2_000);

    expect(await run).toEqual({ ended: "SUCCESS" });
  });

  it("outlives its owner: the next one waits for what is left", async () => {
    const stage = new Stage(spec, { execute: { a: failing(1) } });
    const engine = stage.engine();
    const first = engine.run();
    await stage.clock.advance(600);
    engine.leave("handover", new AbortController().signal);
    expect(await first).toEqual({ left: "handover" });

    const second = stage.run();
    await stage.clock.advance(399);
    expect(stage.calls).toEqual(["a.x", "a.r"]);
    await stage.clock.advance(1);

    expect(await second).toEqual({ ended: "SUCCESS" });
    expect(stage.lines.filter((line) => line.includes("wait"))).toHaveLength(1);
  });

  it("ends at once when the flow reverts for another reason", async () => {
    const gate = new Gate();
    const stage = new Stage(unordered("all", [spec, "b"]), {
      execute: { a: failing(1), b: (call, hooks) => gate.body(call, hooks).then(() => fail()) },
    });
    const run = stage.run();
    await stage.clock.advance(1);

    gate.open();

    expect(await run).toEqual({ ended: "REVERTED" });
  });

  it("of nothing does not wait", async () => {
    const none = linear("f", ["a"], {
      retry: retry({ type: "times", attempts: 2 }, { backoff: { delayMs: 0 } }),
    });
    const stage = new Stage(none, { execute: { a: failing(1) } });

    expect(await stage.run()).toEqual({ ended: "SUCCESS" });
    expect(stage.lines.join()).not.toContain("wait");
  });
});
