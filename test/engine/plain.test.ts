import { describe, expect, it } from "vitest";
import type { EngineOptions } from "../../engine/engine.js";
import { fail, failing, Gate, Stage } from "./support/stage.js";
import { graph, linear, link, retry, unordered } from "./support/words.js";

const again = { plain: { rerun: true } } as const;

describe("running an ended flow again, when that is wanted", () => {
  it("does nothing after SUCCESS", async () => {
    const stage = new Stage(linear("f", ["a"]));
    await stage.run();

    await stage.run(again);

    expect(stage.lines.slice(2)).toEqual(["flow RUNNING, flow SUCCESS"]);
  });

  it("starts anew after REVERTED", async () => {
    const stage = new Stage(linear("f", ["a", "b"]), { execute: { b: failing(1) } });
    await stage.run();

    expect(await stage.run(again)).toEqual({ ended: "SUCCESS" });
    expect(stage.lines).toContain("flow PENDING, flow RUNNING, a RUNNING");
    expect(stage.infos.at(-1)).toMatchObject({ atom: "b", idempotencyKey: "job/2/execute/b" });
  });

  it("changes nothing about FAILURE that it cannot change", async () => {
    const stage = new Stage(linear("f", ["a", "b"]), {
      execute: { b: () => fail() },
      revert: { b: () => fail() },
    });
    await stage.run();

    expect(await stage.run(again)).toEqual({ ended: "FAILURE" });
    expect(stage.lines.at(-1)).toBe("flow REVERTING, flow FAILURE");
  });

  it("leaves a cancelled job alone", async () => {
    const stage = new Stage(linear("f", ["a"]));
    const engine = stage.engine();
    engine.cancel(true);
    await engine.run();

    expect(await stage.run(again)).toEqual({ ended: "CANCELLED" });
    expect(stage.entries).toHaveLength(1);
  });
});

describe("step by step", () => {
  const plain = { stepwise: true } as const;

  it("appends outcomes apart from what follows from them", async () => {
    const spec = linear("f", ["a", "b"], { retry: retry({ type: "times", attempts: 2 }) });
    const stage = new Stage(spec);

    await stage.run({ plain });

    expect(stage.lines).toEqual([
      "flow RUNNING",
      "f_retry RUNNING, f_retry SUCCESS",
      "a RUNNING",
      "a SUCCESS",
      "b RUNNING",
      "b SUCCESS, flow SUCCESS",
    ]);
  });

  it("hears the deciders of a wave before it starts the rest of it", async () => {
    const spec = graph("f", ["a", "b", "c", "d"], {
      links: [
        link("a", "b", { decider: "no", depth: "ATOM" }),
        link("a", "c", { decider: "yes" }),
        link("a", "d"),
      ],
    });
    const stage = new Stage(spec, { decide: (decider) => decider === "yes" });

    await stage.run({ plain });

    expect(stage.lines.slice(3)).toEqual([
      "ignore b",
      "c RUNNING, d RUNNING",
      "c SUCCESS, d SUCCESS, flow SUCCESS",
    ]);
  });

  it("forgets nothing that it held back for a vote", async () => {
    const spec = unordered("all", [
      graph("f", ["a", "b"], { links: [link("a", "b", { decider: "yes" })] }),
      "x",
      "y",
    ]);
    const stage = new Stage(spec);
    await stage.append(1, [
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "atom", atom: "a", to: "SUCCESS" },
      { change: "atom", atom: "x", to: "RUNNING" },
    ]);

    expect(await stage.run({ plain })).toEqual({ ended: "SUCCESS" });
    expect(stage.calls).toEqual(["yes>b", "x.x", "b.x", "y.x"]);
  });

  it("does not ask again for what it held back for another vote", async () => {
    const gate = new Gate();
    const spec = graph("f", ["a", "b", "c", "d"], {
      links: [link("a", "b", { decider: "slow" }), link("c", "d", { decider: "yes" })],
    });
    let hear = (): void => undefined;
    const heard = new Promise<void>((resolve) => (hear = resolve));
    const stage = new Stage(spec, {
      execute: { c: gate.body },
      decide: (decider) => {
        if (decider === "yes") return true;
        gate.open();
        return heard.then(() => true);
      },
    });
    const append: EngineOptions["append"] = async (changes) => {
      await stage.append(1, changes);
      if (stage.states("c").includes("SUCCESS")) hear();
    };

    expect(await stage.run({ plain, append })).toEqual({ ended: "SUCCESS" });
    expect(stage.calls).toEqual(["a.x", "c.x", "slow>b", "yes>d", "b.x", "d.x"]);
  });
});

describe("asking again, when that is wanted", () => {
  const spec = linear("f", ["a"], { retry: retry({ type: "custom" }, { name: "r" }) });

  it("repeats the question about a failure that has its answer", async () => {
    const stage = new Stage(spec, { onFailure: () => "RETRY" });
    await stage.append(1, [
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "r", to: "RUNNING" },
      { change: "atom", atom: "r", to: "SUCCESS", result: 0 },
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "atom", atom: "a", to: "FAILURE", failure: { name: "Error", message: "x" } },
      { change: "decision", retry: "r", atom: "a", decision: "RETRY" },
    ]);

    await stage.run({ plain: { askAgain: true } });

    expect(stage.calls).toEqual(["r.?", "a.r", "r.x", "a.x"]);
  });

  it("is not done otherwise", async () => {
    const stage = new Stage(spec, { execute: { a: failing(0) } });
    await stage.append(1, [
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "r", to: "RUNNING" },
      { change: "atom", atom: "r", to: "SUCCESS", result: 0 },
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "atom", atom: "a", to: "FAILURE", failure: { name: "Error", message: "x" } },
      { change: "decision", retry: "r", atom: "a", decision: "RETRY" },
    ]);

    expect(await stage.run()).toEqual({ ended: "SUCCESS" });
    expect(stage.calls).toEqual(["a.r", "r.x", "a.x"]);
  });
});
