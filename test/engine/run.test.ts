import { describe, expect, it } from "vitest";
import { JobrunnerError } from "../../common/error.js";
import { fail, failing, Gate, Stage } from "./support/stage.js";
import { graph, linear, link, retry, task, unordered } from "./support/words.js";

describe("a run", () => {
  it("takes four appends for three tasks in a row", async () => {
    const stage = new Stage(linear("f", ["a", "b", "c"]));

    const end = await stage.run();

    expect(end).toEqual({ ended: "SUCCESS" });
    expect(stage.lines).toEqual([
      "flow RUNNING, a RUNNING",
      "a SUCCESS, b RUNNING",
      "b SUCCESS, c RUNNING",
      "c SUCCESS, flow SUCCESS",
    ]);
  });

  it("starts a wave with one append and gathers what ends meanwhile", async () => {
    const stage = new Stage(unordered("f", ["a", "b", "c"]));

    await stage.run();

    expect(stage.lines).toEqual([
      "flow RUNNING, a RUNNING, b RUNNING, c RUNNING",
      "a SUCCESS, b SUCCESS, c SUCCESS, flow SUCCESS",
    ]);
  });

  it("does an empty flow in one append", async () => {
    const stage = new Stage(linear("f", [unordered("g", []), graph("h", [])]));

    await stage.run();

    expect(stage.lines).toEqual(["flow RUNNING, flow SUCCESS"]);
  });

  it("starts the higher priority first, and the text's first among equals", async () => {
    const children = [task("a", { priority: 1 }), task("b", { priority: 9 }), "c", "d"];
    const stage = new Stage(unordered("f", [...children, task("e", { priority: 5 })]));

    await stage.run({ concurrency: 1 });

    expect(stage.calls).toEqual(["b.x", "e.x", "a.x", "c.x", "d.x"]);
  });

  it("never has more bodies running than its limit", async () => {
    let running = 0;
    let most = 0;
    const body = async (): Promise<null> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return null;
    };
    const names = ["a", "b", "c", "d", "e"];
    const execute = Object.fromEntries(names.map((name) => [name, body]));

    await new Stage(unordered("f", names), { execute }).run({ concurrency: 2 });

    expect(most).toBe(2);
  });

  it("reverts in reverse order, the failed atom first", async () => {
    const stage = new Stage(linear("f", ["a", "b", "c", "d"]), { execute: { c: () => fail() } });

    const end = await stage.run();

    expect(end).toEqual({ ended: "REVERTED" });
    expect(stage.calls).toEqual(["a.x", "b.x", "c.x", "c.r", "b.r", "a.r"]);
    expect(stage.lines[3]).toBe("c FAILURE, flow REVERTING, c REVERTING");
  });

  it("reverts a diamond only when both sides are reverted", async () => {
    const spec = graph("f", ["a", "b", "c", "d"], {
      links: [link("a", "b"), link("a", "c"), link("b", "d"), link("c", "d")],
    });
    const stage = new Stage(spec, { execute: { d: () => fail() } });

    await stage.run();

    expect(stage.calls.slice(0, 5)).toEqual(["a.x", "b.x", "c.x", "d.x", "d.r"]);
    expect([...stage.calls.slice(5, 7)].sort()).toEqual(["b.r", "c.r"]);
    expect(stage.calls[7]).toBe("a.r");
  });

  it("lets a sibling end before it reverts it", async () => {
    const gate = new Gate();
    const script = { execute: { a: () => fail(), b: gate.body } };
    const stage = new Stage(unordered("f", ["a", "b"]), script);
    const run = stage.run();
    await stage.clock.advance(1);
    expect(stage.calls).toEqual(["a.x", "b.x", "a.r"]);

    gate.open();
    await run;

    expect(stage.calls.at(-1)).toBe("b.r");
  });

  it("says FAILURE when a revert failed, and leaves what precedes it", async () => {
    const stage = new Stage(linear("f", ["a", "b", "c"]), {
      execute: { c: () => fail() },
      revert: { b: () => fail("stuck") },
    });

    const end = await stage.run();

    expect(end).toEqual({ ended: "FAILURE" });
    expect(stage.states("a")).toEqual(["RUNNING", "SUCCESS"]);
    expect(stage.states("b").at(-1)).toBe("REVERT_FAILURE");
  });

  it("stops at a failure and leaves everything as it is when told never to resolve", async () => {
    const spec = linear("f", ["a", "b", "c"], {
      neverResolve: true,
      retry: retry({ type: "times", attempts: 3 }),
    });
    const stage = new Stage(spec, { execute: { b: () => fail() } });

    const end = await stage.run();

    expect(end).toEqual({ ended: "FAILURE" });
    expect(stage.states("b")).toEqual(["RUNNING", "FAILURE"]);
    expect(stage.calls).toEqual(["a.x", "b.x"]);
  });

  it("does not call the revert of a task that has none", async () => {
    const spec = linear("f", [task("a", { reverts: false }), "b"]);
    const stage = new Stage(spec, { execute: { b: () => fail() } });

    await stage.run();

    expect(stage.calls).toEqual(["a.x", "b.x", "b.r"]);
    expect(stage.states("a").at(-1)).toBe("REVERTED");
  });

  it("says nothing more about a journal that has ended", async () => {
    const stage = new Stage(linear("f", ["a"]));
    await stage.run();

    const end = await stage.run();

    expect(end).toEqual({ ended: "SUCCESS" });
    expect(stage.entries).toHaveLength(2);
  });

  it("rejects with what append rejected with, and calls nobody for it", async () => {
    const refused = new JobrunnerError("OWNERSHIP_LOST", "somebody else owns it");
    const stage = new Stage(linear("f", ["a"]));

    const run = stage.run({ append: () => Promise.reject(refused) });

    await expect(run).rejects.toBe(refused);
    expect(stage.calls).toEqual([]);
  });

  it("ends without a word when a body says that its runner died", async () => {
    const died = new JobrunnerError("RUNNER_DIED", "the runner ended");
    const gate = new Gate();
    const script = { execute: { a: () => Promise.reject(died), b: gate.body } };
    const stage = new Stage(unordered("f", ["a", "b"]), script);

    await expect(stage.run()).rejects.toBe(died);

    expect(stage.lines).toEqual(["flow RUNNING, a RUNNING, b RUNNING"]);
  });

  it("stops at once when it is aborted, whatever an append or a body does", async () => {
    const lost = new Error("the lease ended");
    const stage = new Stage(linear("f", ["a"]));
    const engine = stage.engine({ append: () => new Promise(() => undefined) });
    const run = engine.run();

    engine.abort(lost);

    await expect(run).rejects.toBe(lost);
  });

  it("passes on what an append throws, error or not", async () => {
    const run = new Stage(linear("f", ["a"])).run({
      append: () => Promise.reject("no reason" as unknown as Error),
    });

    await expect(run).rejects.toBe("no reason");
  });

  it("starts a body again, and says so first, when its owner died in it", async () => {
    const stage = new Stage(linear("f", ["a", "b"]));
    const died = new JobrunnerError("OWNERSHIP_LOST", "died");
    const append = async (changes: Parameters<Stage["append"]>[1]): Promise<void> => {
      await stage.append(1, changes);
      throw died;
    };
    await expect(stage.run({ append })).rejects.toBe(died);

    const end = await stage.run();

    expect(end).toEqual({ ended: "SUCCESS" });
    expect(stage.lines.slice(0, 2)).toEqual(["flow RUNNING, a RUNNING", "again a"]);
    expect(stage.infos[0]).toMatchObject({ atom: "a", again: true, attempt: 2 });
    expect(stage.infos[1]).toMatchObject({ atom: "b", again: false, attempt: 1 });
  });

  it("gives the same key to every start of the same piece of work, another to the next", async () => {
    const spec = linear("f", ["a"], { retry: retry({ type: "times", attempts: 2 }) });
    const stage = new Stage(spec, { execute: { a: failing(1) } });

    await stage.run();

    const keys = stage.infos.map(({ idempotencyKey }) => idempotencyKey);
    expect(keys).toEqual(["job/1/execute/a", "job/1/revert/a", "job/2/execute/a"]);
  });

  it("gives no two pieces of work the same key, whatever their names", async () => {
    const own = retry({ type: "custom" }, { name: "r", reverts: true });
    const spec = linear("f", ["1/revert", "r/1", "r/1/1", "on-failure-1/r"], { retry: own });
    let asked = 0;
    const stage = new Stage(spec, {
      execute: { "on-failure-1/r": () => fail() },
      onFailure: () => ((asked += 1) < 2 ? "RETRY" : "REVERT"),
    });

    await stage.run();

    const work = stage.infos.map(
      ({ idempotencyKey }, index) => `${stage.calls[index]} ${idempotencyKey}`,
    );
    const keys = stage.infos.map(({ idempotencyKey }) => idempotencyKey);
    expect(keys.length).toBeGreaterThan(20);
    expect(new Set(keys).size, work.join("\n")).toBe(keys.length);
  });

  it("reverts what its owner died in when the flow is reverted, with an unknown outcome", async () => {
    const stage = new Stage(unordered("f", ["a", "b"]));
    await stage.append(1, [
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "atom", atom: "b", to: "RUNNING" },
      { change: "atom", atom: "b", to: "FAILURE", failure: { name: "Error", message: "x" } },
    ]);

    const end = await stage.run();

    expect(end).toEqual({ ended: "REVERTED" });
    expect(stage.states("a")).toEqual(["RUNNING", "REVERTING", "REVERTED"]);
    const call = stage.infos.find(({ atom }) => atom === "a");
    expect(call?.outcome).toBeUndefined();
  });
});
