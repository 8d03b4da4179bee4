import { describe, expect, it } from "vitest";
import { JobrunnerError } from "../../common/error.js";
import type { Decision } from "../../engine/journal.js";
import { fail, Gate, Stage } from "./support/stage.js";
import { linear, retry, task, unordered } from "./support/words.js";

describe("a retry of the author's own", () => {
  const own = retry({ type: "custom" }, { name: "r", provides: "n", reverts: true });
  const spec = linear("f", [task("a", { requires: ["n"] })], { retry: own });

  it("is executed, asked and reverted by its bodies, with its history", async () => {
    const stage = new Stage(spec, {
      execute: { a: () => fail() },
      onFailure: ({ history }) => (history.length < 2 ? "RETRY" : "REVERT"),
    });

    const end = await stage.run();

    expect(end).toEqual({ ended: "REVERTED" });
    expect(stage.calls).toEqual([
      ...["r.x", "a.x", "r.?", "a.r", "r.x", "a.x", "r.?", "a.r"],
      "r.r",
    ]);
    const asked = stage.infos.filter((_, index) => stage.calls[index] === "r.?");
    expect(asked.map(({ history }) => history?.map(({ value }) => value))).toEqual([[0], [0, 1]]);
    expect(asked[1]?.history?.[1]?.failures["a"]?.message).toBe("boom");
    expect(stage.infos.at(-1)?.history).toHaveLength(2);
  });

  it("without a revert body is reverted without a call", async () => {
    const quiet = linear("f", ["a"], { retry: retry({ type: "custom" }, { name: "r" }) });
    const stage = new Stage(quiet, { execute: { a: () => fail() } });

    await stage.run();

    expect(stage.calls).not.toContain("r.r");
  });

  it("is started again when its owner died in it", async () => {
    const stage = new Stage(spec);
    await stage.append(1, [
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "r", to: "RUNNING" },
    ]);

    await stage.run();

    expect(stage.lines[1]).toBe("again r");
    expect(stage.calls).toEqual(["r.x", "a.x"]);
  });

  it.each<[string, () => Decision, string]>([
    ["throws", () => fail("cannot say"), "cannot say"],
    ["says something else", () => "MAYBE" as Decision, '"r" answered MAYBE, which is no decision'],
  ])("that %s is taken for one that reverts everything", async (_what, onFailure, why) => {
    const stage = new Stage(spec, { execute: { a: () => fail() }, onFailure });

    const end = await stage.run();

    expect(end).toEqual({ ended: "REVERTED" });
    const changes = stage.entries.flatMap((entry) => entry.changes);
    const decision = changes.find(({ change }) => change === "decision");
    expect(decision).toMatchObject({ decision: "REVERT_ALL", failure: { message: why } });
  });

  it("is asked once, and nothing starts before it has answered", async () => {
    let answer: (decision: Decision) => void = () => undefined;
    const asked = new Promise<Decision>((resolve) => {
      answer = resolve;
    });
    const gate = new Gate();
    const stage = new Stage(unordered("all", [spec, linear("g", ["b", "c"])]), {
      execute: { a: () => fail(), b: gate.body },
      onFailure: () => asked,
    });
    const run = stage.run();
    await stage.clock.advance(1);
    gate.open();
    await stage.clock.advance(1);
    expect(stage.calls).toEqual(["b.x", "r.x", "a.x", "r.?"].sort(byStart(stage.calls)));

    answer("REVERT_ALL");

    expect(await run).toEqual({ ended: "REVERTED" });
    expect(stage.calls.filter((call) => call === "r.?")).toHaveLength(1);
    expect(stage.calls).not.toContain("c.x");
  });

  it("is asked all the same when its arguments or its attempt cannot be found", async () => {
    const needy = { ...own, requires: ["gone"] };
    const inner = linear("g", ["a"], { retry: retry({ type: "times", attempts: 1 }) });
    const stage = new Stage(linear("f", [inner], { retry: needy }));
    await stage.append(1, [
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "r", to: "RUNNING" },
      { change: "atom", atom: "r", to: "SUCCESS", result: 0 },
      { change: "decision", retry: "g_retry", atom: "a", decision: "REVERT" },
    ]);

    await stage.run();

    expect(stage.infos[0]).toMatchObject({ args: {}, history: [{ value: 0, failures: {} }] });
    expect(stage.calls[0]).toBe("r.?");
  });

  it("that never had an attempt is asked with an empty history", async () => {
    const stage = new Stage(spec);
    await stage.append(1, [
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "atom", atom: "a", to: "FAILURE", failure: { name: "Error", message: "x" } },
    ]);

    await stage.run();

    expect(stage.infos[0]).toMatchObject({ atom: "r", history: [] });
  });

  it("is not heard any more once the job is cancelled", async () => {
    let answer: (decision: Decision) => void = () => undefined;
    const asked = new Promise<Decision>((resolve) => {
      answer = resolve;
    });
    const stage = new Stage(spec, { execute: { a: () => fail() }, onFailure: () => asked });
    const engine = stage.engine();
    const run = engine.run();
    await stage.clock.advance(1);
    engine.cancel(true);
    await stage.clock.advance(1);

    answer("RETRY");

    expect(await run).toEqual({ ended: "CANCELLED" });
    expect(stage.lines.join()).not.toContain("r: RETRY");
  });

  it("ends the engine when its runner died", async () => {
    const died = new JobrunnerError("RUNNER_DIED", "the runner ended");
    const stage = new Stage(spec, {
      execute: { a: () => fail() },
      onFailure: () => Promise.reject(died),
    });

    await expect(stage.run()).rejects.toBe(died);
  });

  it("cannot save a value while it is asked", async () => {
    let refused: unknown;
    const stage = new Stage(spec, { execute: { a: () => fail() } });
    const engine = stage.engine({
      bodies: {
        execute: () => Promise.reject(new Error("boom")),
        revert: () => Promise.resolve(null),
        retryExecute: () => Promise.resolve(null),
        retryRevert: () => Promise.resolve(null),
        decide: () => Promise.resolve(true),
        onFailure: async (_call, hooks) => {
          hooks.progress(1);
          refused = await hooks.saved(1).catch((error: unknown) => error);
          return "REVERT";
        },
      },
    });

    await engine.run();

    expect(refused).toMatchObject({ code: "USAGE" });
  });
});

function byStart(calls: readonly string[]): (a: string, b: string) => number {
  return (a, b) => calls.indexOf(a) - calls.indexOf(b);
}
