import { describe, expect, it } from "vitest";
import type { Json } from "../../common/json.js";
import { fold } from "../../engine/apply.js";
import type { FlowSpec } from "../../engine/flow.js";
import type { Change, Entry } from "../../engine/journal.js";
import { keep, type Keeping } from "../../engine/keeping/kept.js";
import { inPresentNames } from "../../engine/migration/renaming.js";
import { compile } from "../../engine/plan.js";
import { historiesOf } from "../../engine/view.js";
import { fail, failing, type Script, Stage } from "./support/stage.js";
import { graph, linear, link, retry, task, unordered } from "./support/words.js";

const HALTING = { neverResolve: true } as const;

/** A job that ended, and what a retry from an atom of it would keep. */
async function ended(spec: FlowSpec, script: Script = {}): Promise<(from: string) => Keeping> {
  const stage = new Stage(spec, script);
  await stage.run();
  return (from) => keeping(spec, stage.entries, from);
}

function keeping(
  spec: FlowSpec,
  entries: readonly Entry[],
  from: string,
  changed: readonly string[] = [],
): Keeping {
  const plan = compile(spec);
  const atom = plan.atoms.get(from);
  if (atom === undefined) throw new Error(`no ${from}`);
  return keep({ plan, entries, from: atom, changed: new Set(changed) });
}

/** A retry of a job with that flow. */
async function retried(spec: FlowSpec, kept: Keeping, script: Script = {}): Promise<Stage> {
  if (!kept.keeps) throw new Error(`refused: ${kept.why} ${kept.atom}`);
  const stage = new Stage(spec, script);
  await stage.append(0, kept.changes);
  await stage.run();
  return stage;
}

describe("what a retry keeps of an earlier job (P-39)", () => {
  it("is what went well and does not follow the atom it goes on at", async () => {
    const spec = linear("f", ["a", "b", "c"], HALTING);
    const from = await ended(spec, { execute: { b: () => fail() } });

    const stage = await retried(spec, from("b"));

    expect(from("a")).toEqual({ keeps: true, changes: [] });
    expect(stage.calls).toEqual(["b.x", "c.x"]);
    expect(stage.lines[0]).toBe("kept a");
    expect(stage.lines.at(-1)).toContain("flow SUCCESS");
  });

  it("gives what was kept to those that ask for it", async () => {
    const spec = linear(
      "f",
      [task("a", { provides: "a" }), task("b", { requires: ["a"] })],
      HALTING,
    );
    const from = await ended(spec, { execute: { a: () => 7, b: () => fail() } });

    const stage = await retried(spec, from("b"));

    expect(stage.infos[0]).toMatchObject({ atom: "b", args: { a: 7 } });
  });

  it("leaves what stands beside the atom, and runs there what did not go well", async () => {
    const spec = unordered("f", ["a", "b", "c"], HALTING);
    const from = await ended(spec, { execute: { b: () => fail(), c: () => fail() } });

    const stage = await retried(spec, from("b"));

    expect(stage.calls.sort()).toEqual(["b.x", "c.x"]);
  });

  it("is reverted like all else that ran, with its result", async () => {
    const spec = linear("f", ["a", "b"]);
    const from = await ended({ ...spec, ...HALTING }, { execute: { b: () => fail() } });

    const stage = await retried(spec, from("b"), { execute: { b: () => fail("again") } });

    expect(stage.calls).toEqual(["b.x", "b.r", "a.r"]);
    expect(stage.infos.at(-1)).toMatchObject({ atom: "a", outcome: { ok: true, value: "a" } });
    expect(stage.lines.at(-1)).toContain("flow REVERTED");
  });

  it("is refused when the atom needs something that was reverted, and says where to go on", async () => {
    const inner = linear("inner", ["b", "c"], { retry: retry({ type: "alwaysRevert" }) });
    const from = await ended(linear("f", ["a", inner]), { execute: { c: () => fail() } });

    const missing = { keeps: false, why: "missing", is: "REVERTED" };
    expect(from("c")).toEqual({ ...missing, atom: "inner_retry" });
    expect(from("inner_retry")).toMatchObject({ keeps: true, changes: [{ atom: "a" }] });
  });

  it("is refused when it ran with another value of a parameter", () => {
    const a = task("a", { requires: ["p"], inject: { q: 1 }, optional: ["q"] });
    const spec = linear("f", [a, "b"], HALTING);
    const entries = journal([
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "atom", atom: "a", to: "SUCCESS" },
    ]);

    const plain = linear("f", [task("a", { requires: ["p"] }), "b"], HALTING);
    const stale = { keeps: false, why: "stale", atom: "a", symbol: "p" };
    expect(keeping(plain, entries, "b", ["p"])).toEqual(stale);
    expect(keeping(spec, entries, "b", ["p"])).toEqual(stale);
    expect(keeping(spec, entries, "b", ["q"])).toEqual({
      keeps: true,
      changes: [{ change: "kept", atom: "a", result: null }],
    });
  });
});

describe("a retry that is kept (P-39)", () => {
  const inner = linear("inner", ["a", "b"], { retry: retry({ type: "times", attempts: 3 }) });
  const spec = linear("f", [inner, "c"], HALTING);

  it("goes on with its last attempt and counts those before", async () => {
    const fails = { name: "E", message: "no" };
    const entries = journal([
      { change: "kept", atom: "inner_retry", result: 2, attempts: twoAttempts({ a: fails }) },
      { change: "kept", atom: "a", result: "a" },
    ]);
    const kept = keeping({ ...spec, neverResolve: false }, entries, "b");

    const again = { ...spec, neverResolve: false };
    const stage = await retried(again, kept, { execute: { b: failing(1, "b") } });

    expect(kept).toMatchObject({ keeps: true, changes: [{ attempts: twoAttempts({}) }, {}] });
    expect(stage.calls).toEqual(["b.x", "b.r", "a.r", "a.x", "b.x", "c.x"]);
    expect(historiesOf(stage.entries).get("inner_retry")?.result).toBe(3);
  });

  it("leaves the journal it came from alone", () => {
    const attempts = twoAttempts({});
    const entries = journal([
      { change: "kept", atom: "inner_retry", result: 2, attempts },
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "atom", atom: "a", to: "FAILURE", failure: { name: "E", message: "no" } },
      { change: "decision", retry: "inner_retry", atom: "a", decision: "REVERT" },
    ]);

    fold(compile({ ...spec, neverResolve: false }), entries);

    expect(attempts).toEqual(twoAttempts({}));
  });

  function twoAttempts(last: Record<string, { name: string; message: string }>) {
    return [
      { value: 1, failures: { b: { name: "E", message: "first" } } },
      { value: 2, failures: last },
    ];
  }
});

describe("what a decider said no to (P-39)", () => {
  const spec = graph("f", ["a", "b", "c", "d"], {
    links: [link("a", "b", { decider: "no" }), link("b", "c"), link("a", "d")],
  });

  it("stays skipped, as far as the no reached, when it is not asked again", async () => {
    const from = await ended(spec, { decide: () => false });

    const stage = await retried(spec, from("d"), { decide: () => fail("asked again") });

    expect(stage.lines[0]).toBe("kept a, ignore b c");
    expect(stage.calls).toEqual(["d.x"]);
  });

  it("is asked about again when what it was told by runs again", async () => {
    const from = await ended(spec, { decide: () => false });

    const stage = await retried(spec, from("a"), { decide: () => true });

    expect(stage.calls).toContain("b.x");
    expect(stage.calls).toContain("c.x");
  });

  it("is no place to go on at", async () => {
    const from = await ended(spec, { decide: () => false });

    expect(from("b")).toEqual({ keeps: false, why: "skipped", atom: "b" });
    expect(from("c")).toEqual({ keeps: false, why: "skipped", atom: "c" });
  });
});

describe("a kept result in a journal (P-39)", () => {
  it("comes before the flow begins, and once", () => {
    const plan = compile(linear("f", ["a"]));
    const kept: Change = { change: "kept", atom: "a", result: 1 };

    const late = journal([{ change: "flow", to: "RUNNING" }, kept]);
    expect(() => fold(plan, late)).toThrow('task "a", to be kept, cannot go from PENDING');
    expect(() => fold(plan, journal([kept, kept]))).toThrow("cannot go from SUCCESS");
  });

  it("is told as such, and its revert as an attempt", () => {
    const [kept, reverted] = [
      journal([{ change: "kept", atom: "a", result: 1 }]),
      journal([
        { change: "kept", atom: "a", result: 1 },
        { change: "atom", atom: "a", to: "REVERTING" },
        { change: "atom", atom: "a", to: "REVERT_FAILURE", failure: { name: "E", message: "x" } },
      ]),
    ];

    expect(historiesOf(kept).get("a")).toEqual({
      ...{ state: "SUCCESS", attempts: [], result: 1, kept: true },
    });
    expect(historiesOf(reverted).get("a")).toMatchObject({
      state: "REVERT_FAILURE",
      attempts: [{ state: "REVERT_FAILURE", failure: { message: "x" } }],
    });
  });

  it("is no longer told as kept once a retry has started it anew", () => {
    const history = historiesOf(
      journal([
        { change: "kept", atom: "a", result: 1 },
        { change: "atom", atom: "a", to: "REVERTING" },
        { change: "atom", atom: "a", to: "REVERTED" },
        { change: "reset", retry: "r", atoms: ["a"] },
        { change: "atom", atom: "a", to: "RUNNING" },
      ]),
    ).get("a");

    expect(history?.kept).toBeUndefined();
    expect(history?.attempts).toHaveLength(2);
  });

  it("bears the names that atoms have now, its attempts as well", () => {
    const why = { name: "E", message: "x" };
    const result: Json = 1;
    const entries = journal(
      [
        { change: "kept", atom: "old", result },
        { change: "kept", atom: "r", result, attempts: [{ value: 1, failures: { old: why } }] },
      ],
      [{ change: "migrated", from: 1, to: 2, renamed: { old: "new" } }],
    );

    expect(inPresentNames(entries)[0]?.changes).toEqual([
      { change: "kept", atom: "new", result },
      { change: "kept", atom: "r", result, attempts: [{ value: 1, failures: { new: why } }] },
    ]);
  });
});

function journal(...entries: readonly (readonly Change[])[]): readonly Entry[] {
  return entries.map((changes, index) => ({ seq: index + 1, token: 1, at: 0, changes }));
}
