import { describe, expect, it } from "vitest";
import type { Entry } from "../../engine/journal.js";
import { historiesOf, resultsOf } from "../../engine/view.js";
import { failing, Stage } from "./support/stage.js";
import { graph, linear, link, retry, task } from "./support/words.js";

describe("an atom's history", () => {
  it("tells each start, under which ownership, and what became of it", async () => {
    const spec = linear("f", ["a", "b"], { retry: retry({ type: "times", attempts: 2 }) });
    const stage = new Stage(spec, { execute: { b: failing(1, "done") } });

    await stage.run();

    const histories = historiesOf(stage.entries);
    const b = histories.get("b");
    expect(b).toMatchObject({ state: "SUCCESS", result: "done" });
    expect(b?.attempts.map(({ state, token }) => [state, token])).toEqual([
      ["REVERTED", 1],
      ["SUCCESS", 1],
    ]);
    expect(b?.attempts[0]?.failure?.message).toBe("boom");
    expect(histories.get("f_retry")?.attempts).toHaveLength(2);
  });

  it("names the owner that went away in the middle, and the one that began it again", () => {
    const entries: readonly Entry[] = [
      { seq: 1, token: 1, at: 10, changes: [{ change: "atom", atom: "a", to: "RUNNING" }] },
      { seq: 2, token: 3, at: 50, changes: [{ change: "again", atoms: ["a"] }] },
    ];

    const [first, second] = historiesOf(entries).get("a")?.attempts ?? [];

    expect(first).toEqual({ token: 1, state: "LOST", startedAt: 10, endedAt: 50 });
    expect(second).toEqual({ token: 3, state: "RUNNING", startedAt: 50 });
  });

  it("keeps the failure that made it revert behind the one of the revert", () => {
    const entries: readonly Entry[] = [
      {
        seq: 1,
        token: 1,
        at: 10,
        changes: [
          { change: "atom", atom: "a", to: "RUNNING" },
          { change: "atom", atom: "a", to: "FAILURE", failure: { name: "E", message: "first" } },
          { change: "atom", atom: "a", to: "REVERTING" },
        ],
      },
      {
        seq: 2,
        token: 1,
        at: 20,
        changes: [
          {
            change: "atom",
            atom: "a",
            to: "REVERT_FAILURE",
            failure: { name: "E", message: "stuck" },
          },
        ],
      },
    ];

    const [attempt] = historiesOf(entries).get("a")?.attempts ?? [];

    expect(attempt?.failure).toEqual({
      name: "E",
      message: "stuck",
      cause: { name: "E", message: "first" },
    });
    expect(attempt?.endedAt).toBe(20);
  });

  it("leaves a cause alone that a failure brings itself", () => {
    const cause = { name: "E", message: "deep" };
    const failure = { name: "E", message: "stuck", cause };
    const change = { change: "atom", atom: "a" } as const;
    const entries: readonly Entry[] = [
      {
        seq: 1,
        token: 1,
        at: 10,
        changes: [
          { ...change, to: "RUNNING" },
          { ...change, to: "FAILURE", failure: { name: "E", message: "first" } },
          { ...change, to: "REVERTING" },
          { ...change, to: "REVERT_FAILURE", failure },
        ],
      },
    ];

    expect(historiesOf(entries).get("a")?.attempts[0]?.failure).toEqual(failure);
  });

  it("knows what was ignored, and what was left out", async () => {
    const spec = graph("f", ["a", "b"], { links: [link("a", "b", { decider: "no" })] });
    const stage = new Stage(spec, { decide: () => false });

    await stage.run();

    const histories = historiesOf(stage.entries);
    expect(histories.get("b")).toEqual({ state: "IGNORE", attempts: [] });
    expect(histories.get("c")).toBeUndefined();
  });

  it("does not mind entries that are about the whole flow, or about nobody's start", () => {
    const entries: readonly Entry[] = [
      {
        seq: 1,
        token: 1,
        at: 10,
        changes: [
          { change: "flow", to: "RUNNING" },
          { change: "atom", atom: "a", to: "SUCCESS" },
          { change: "again", atoms: ["b"] },
          { change: "saved", atom: "a", value: 1 },
          { change: "wait", retry: "r", until: 9 },
          { change: "decision", retry: "r", atom: "a", decision: "RETRY" },
          { change: "cancel", revert: true },
          { change: "handover" },
        ],
      },
    ];

    const histories = historiesOf(entries);

    expect(histories.get("a")).toEqual({ state: "SUCCESS", attempts: [], result: null });
    expect(histories.get("b")?.attempts).toHaveLength(1);
  });
});

describe("the results of a flow", () => {
  it("are what its atoms provide, not what it was given", async () => {
    const spec = linear("f", [task("a", { provides: "x", requires: ["s"] }), "b"]);
    const stage = new Stage(spec);
    await stage.run({ store: { s: 1 } });

    expect(resultsOf(spec, { s: 1 }, stage.entries)).toEqual({ x: "a" });
  });
});
