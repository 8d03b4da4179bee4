import { describe, expect, it } from "vitest";
import { fail, failing, Gate, Stage } from "./support/stage.js";
import { graph, linear, link, retry, unordered } from "./support/words.js";

const never = (): Promise<never> => new Promise(() => undefined);
const asks = graph("f", ["a", "b"], { links: [link("a", "b", { decider: "ask" })] });
const own = linear("f", ["a"], { retry: retry({ type: "custom" }, { name: "r" }) });

describe("code of the author's that never answers", () => {
  it.each([
    [true, "REVERTED"],
    [false, "SUCCESS"],
  ])("does not hold up a cancel (revert: %s) as a decider", async (revert, left) => {
    const stage = new Stage(asks, { decide: never });
    const engine = stage.engine();
    const run = engine.run();
    await stage.clock.advance(1);
    expect(stage.calls).toEqual(["a.x", "ask>b"]);
    engine.cancel(revert);

    expect(await run).toEqual({ ended: "CANCELLED" });
    expect(stage.states("a").at(-1)).toBe(left);
    expect(stage.states("b")).toEqual([]);
  });

  it.each([true, false])("does not hold up a cancel (revert: %s) as onFailure", async (revert) => {
    const stage = new Stage(own, { execute: { a: () => fail() }, onFailure: never });
    const engine = stage.engine();
    const run = engine.run();
    await stage.clock.advance(1);
    expect(stage.calls.at(-1)).toBe("r.?");
    engine.cancel(revert);

    expect(await run).toEqual({ ended: "CANCELLED" });
  });

  it("does not hold up a flow that has turned", async () => {
    const gate = new Gate();
    const stage = new Stage(unordered("all", [asks, "x"]), {
      decide: never,
      execute: { x: (call, hooks) => gate.body(call, hooks).then(() => fail()) },
    });
    const run = stage.run();
    await stage.clock.advance(1);
    gate.open();

    expect(await run).toEqual({ ended: "REVERTED" });
  });

  it("is asked anew when a retry comes by again", async () => {
    let asked = 0;
    const gate = new Gate();
    const body = failing(1, "x");
    const spec = unordered("all", [asks, "x"], { retry: retry({ type: "times", attempts: 2 }) });
    const stage = new Stage(spec, {
      decide: () => ((asked += 1) === 1 ? never() : true),
      execute: {
        x: ({ attempt, ...call }, hooks) => {
          return asked < 1 ? gate.body({ attempt, ...call }, hooks).then(body) : body();
        },
      },
    });
    const run = stage.run();
    await stage.clock.advance(1);
    gate.open();

    expect(await run).toEqual({ ended: "SUCCESS" });
    expect(asked).toBe(2);
    expect(stage.states("b")).toEqual(["RUNNING", "SUCCESS"]);
  });

  it("has failed after a minute: as a decider, its target has", async () => {
    const stage = new Stage(asks, { decide: never });
    const run = stage.run();
    await stage.clock.advance(60_000);

    expect(await run).toEqual({ ended: "REVERTED" });
    const changes = stage.entries.flatMap((entry) => entry.changes);
    expect(changes).toContainEqual(
      expect.objectContaining({
        ...{ atom: "b", to: "FAILURE" },
        failure: expect.objectContaining({
          name: "TimeoutError",
          message: 'the decider of "b" did not answer within 60000 ms',
        }) as unknown,
      }),
    );
  });

  it("has failed after a minute: as onFailure, everything is reverted", async () => {
    const stage = new Stage(own, { execute: { a: () => fail() }, onFailure: never });
    const run = stage.run();
    await stage.clock.advance(60_000);

    expect(await run).toEqual({ ended: "REVERTED" });
    expect(stage.lines.join()).toContain("r: REVERT_ALL");
  });

  it("is not heard when its answer comes together with the flow's turn", async () => {
    const [gate, slow] = [new Gate(), new Gate()];
    let answer: (yes: boolean) => void = () => undefined;
    const stage = new Stage(unordered("all", [asks, "x", "y"]), {
      decide: () => new Promise((resolve) => (answer = resolve)),
      execute: {
        x: (call, hooks) => gate.body(call, hooks).then(() => fail()),
        y: slow.body,
      },
    });
    const engine = stage.engine({
      append: async (changes) => {
        await stage.append(1, changes);
        if (!stage.lines.at(-1)?.startsWith("y SUCCESS")) return;
        // Both come in while the engine waits for this append, the failure first.
        gate.open();
        await stage.clock.advance(1);
        answer(true);
        await stage.clock.advance(1);
      },
    });
    const run = engine.run();
    await stage.clock.advance(1);
    slow.open();

    expect(await run).toEqual({ ended: "REVERTED" });
    expect(stage.states("b")).toEqual([]);
  });

  it("is told that nobody waits any more", async () => {
    const told: unknown[] = [];
    const stage = new Stage(asks);
    const engine = stage.engine({
      bodies: {
        ...stage.bodies,
        decide: (_vote, { signal }) => {
          signal.addEventListener("abort", () => told.push(signal.aborted));
          return never();
        },
      },
    });
    const run = engine.run();
    await stage.clock.advance(1);
    engine.cancel(true);
    await run;

    expect(told).toEqual([true]);
  });
});
