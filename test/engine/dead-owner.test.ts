import { describe, expect, it } from "vitest";
import { Stage } from "./support/stage.js";
import { linear, retry, task } from "./support/words.js";

describe("an unfinished step of a dead owner", () => {
  it.each<[string, boolean]>([
    ["starts the next attempt of a retry", false],
    ["reverts the retry when everything reverts since", true],
  ])("%s", async (_what, revert) => {
    const spec = linear("f", ["a"], { retry: retry({ type: "times", attempts: 2 }) });
    const stage = new Stage(spec);
    const atom = "a";
    await stage.append(1, [
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "f_retry", to: "RUNNING" },
      { change: "atom", atom: "f_retry", to: "SUCCESS", result: 1 },
      { change: "atom", atom, to: "RUNNING" },
      { change: "atom", atom, to: "FAILURE", failure: { name: "Error", message: "x" } },
      { change: "decision", retry: "f_retry", atom, decision: "RETRY" },
      { change: "atom", atom, to: "REVERTING" },
      { change: "atom", atom, to: "REVERTED" },
      { change: "atom", atom: "f_retry", to: "RETRYING" },
      ...(revert ? ([{ change: "cancel", revert: true }] as const) : []),
    ]);

    expect(await stage.run()).toEqual({ ended: revert ? "CANCELLED" : "SUCCESS" });
    expect(stage.states("f_retry").at(-1)).toBe(revert ? "REVERTED" : "SUCCESS");
  });

  it("says so before it starts a revert again", async () => {
    const stage = new Stage(linear("f", ["a"]));
    await stage.append(1, [
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "cancel", revert: true },
      { change: "flow", to: "REVERTING" },
      { change: "atom", atom: "a", to: "REVERTING" },
    ]);

    await stage.run();

    expect(stage.lines.slice(1)).toEqual(["again a", "a REVERTED, flow CANCELLED"]);
    expect(stage.infos[0]).toMatchObject({ again: true, attempt: 2, outcome: undefined });
  });

  it("has nothing to start again where nothing is to be reverted", async () => {
    const spec = linear("f", ["a", task("b", { reverts: false })]);
    const stage = new Stage(spec);
    await stage.append(1, [
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "atom", atom: "a", to: "SUCCESS", result: 1 },
      { change: "atom", atom: "b", to: "RUNNING" },
      { change: "cancel", revert: true },
      { change: "flow", to: "REVERTING" },
      { change: "atom", atom: "b", to: "REVERTING" },
    ]);

    await stage.run();

    expect(stage.lines[1]).toBe("b REVERTED, a REVERTING");
    expect(stage.calls).toEqual(["a.r"]);
  });
});
