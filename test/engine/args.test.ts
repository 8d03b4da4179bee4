import { describe, expect, it } from "vitest";
import type { Json, Store } from "../../common/json.js";
import { apply } from "../../engine/apply.js";
import { fetchAll, lookUp, outputsOf } from "../../engine/args.js";
import type { Provides, TaskSpec } from "../../engine/flow.js";
import type { Change } from "../../engine/journal.js";
import { compile } from "../../engine/plan.js";
import { createState } from "../../engine/state.js";
import { graph, linear, link, retry, task, unordered } from "./support/words.js";

type Results = Readonly<Record<string, Json>>;

/** The plan after these atoms have succeeded, in this order. */
function after(spec: Parameters<typeof compile>[0], results: Results, store: Store = {}) {
  const plan = compile(spec);
  const state = createState(plan);
  for (const [atom, result] of Object.entries(results)) {
    const changes: readonly Change[] = [
      { change: "atom", atom, to: "RUNNING" },
      { change: "atom", atom, to: "SUCCESS", result },
    ];
    apply(plan, state, changes);
  }
  return { plan, state, store };
}

function argsOf(sources: ReturnType<typeof after>, name: string): Store | string {
  const atom = sources.plan.atoms.get(name);
  if (atom === undefined) throw new Error(`no ${name}`);
  const found = lookUp(sources, atom);
  return found.found ? found.args : found.failure.message;
}

/** What the last task reads as `x`, when the one before it returned `value`. */
function read(provides: Provides, value: Json, more: Partial<TaskSpec> = {}): Store | string {
  const reader = task("b", { requires: ["x"], ...more });
  return argsOf(after(linear("f", [task("a", { provides }), reader]), { a: value }), "b");
}

const x = (name: string): TaskSpec => task(name, { provides: "x" });
const reader = task("reader", { requires: ["x"] });

describe("an argument", () => {
  it("is looked up by inject, then store, then provider", () => {
    const spec = linear("f", [
      x("a"),
      task("b", { requires: ["x"] }),
      task("c", { requires: ["x"], inject: { x: "injected" } }),
    ]);

    expect(argsOf(after(spec, { a: "provided" }), "b")).toEqual({ x: "provided" });
    expect(argsOf(after(spec, { a: "provided" }, { x: "stored" }), "b")).toEqual({ x: "stored" });
    expect(argsOf(after(spec, { a: "provided" }, { x: "stored" }), "c")).toEqual({ x: "injected" });
  });

  it("is looked up under the symbol it is bound to", () => {
    const spec = linear("f", [
      x("a"),
      task("b", { requires: ["p", "q"], rebind: { p: "x", q: "i" }, inject: { i: 9 } }),
    ]);

    expect(argsOf(after(spec, { a: 1 }), "b")).toEqual({ p: 1, q: 9 });
  });

  it("may bear a name that every object has", () => {
    const spec = linear("f", [task("a", { requires: ["constructor"] })]);

    expect(argsOf(after(spec, {}), "a")).toContain("nobody has a value");
    expect(argsOf(after(spec, {}, { constructor: 1 } as Store), "a")).toEqual({ constructor: 1 });
  });

  it("is left out when it is optional and nobody can give it", () => {
    const spec = linear("f", [
      task("a", { optional: ["later", "nobody"] }),
      task("b", { provides: "later" }),
    ]);

    expect(argsOf(after(spec, {}), "a")).toEqual({});
  });

  it("comes as a whole, by position, or by key", () => {
    expect(read("x", [1, 2])).toEqual({ x: [1, 2] });
    expect(read(["y", "x"], [1, 2])).toEqual({ x: 2 });
    expect(read(["y", "x"], "äb")).toEqual({ x: "b" });
    expect(read({ keys: ["x"] }, { x: null })).toEqual({ x: null });
  });

  it.each<[string, Provides, Json]>([
    ["a list too short", ["y", "x"], [1]],
    ["no list", ["x"], 7],
    ["no object", { keys: ["x"] }, 7],
    ["null", { keys: ["x"] }, null],
    ["a list where keys are wanted", { keys: ["x"] }, [1]],
    ["an object without the key", { keys: ["x"] }, { y: 1 }],
  ])("is missing when the result is %s", (_what, provides, value) => {
    expect(read(provides, value)).toBe('"b" requires "x", but nobody has a value for "x"');
  });
});

describe("of several providers", () => {
  it("the nearest earlier one in a row wins", () => {
    expect(argsOf(after(linear("f", [x("a"), x("b"), reader]), { a: 1, b: 2 }), "reader")).toEqual({
      x: 2,
    });
  });

  it("one in the own flow wins over one outside, whatever the order", () => {
    const spec = linear("f", [x("a"), linear("g", [x("b"), linear("h", [reader])]), x("c")]);

    expect(argsOf(after(spec, { a: 1, b: 2 }), "reader")).toEqual({ x: 2 });
  });

  it("the last of an earlier flow wins, its retry comes last", () => {
    const inner = unordered("g", [x("a"), x("b")], {
      retry: retry({ type: "alwaysRevert" }, { provides: "x" }),
    });
    const spec = linear("f", [inner, reader]);

    expect(argsOf(after(spec, { g_retry: 0, a: 1, b: 2 }), "reader")).toEqual({ x: 2 });
  });

  it("those beside it do not count, the retry of the same flow does", () => {
    const inner = unordered("g", [x("a"), linear("h", [x("b"), x("c")]), reader], {
      retry: retry({ type: "alwaysRevert" }, { provides: "x" }),
    });
    const spec = linear("f", [x("before"), inner]);

    const sources = after(spec, { before: -1, g_retry: 0, a: 1, b: 2, c: 3 });

    expect(argsOf(sources, "reader")).toEqual({ x: 0 });
  });

  it("those beside it are passed over on the way to an outer one", () => {
    const inner = unordered("g", [x("a"), x("b"), reader]);

    expect(argsOf(after(linear("f", [x("c"), inner]), { c: 0, a: 1, b: 2 }), "reader")).toEqual({
      x: 0,
    });
  });

  it("only those that lead to it count in a graph", () => {
    const spec = graph("f", [reader, x("a"), x("b"), "m"], {
      links: [link("a", "m"), link("m", "reader")],
    });

    expect(argsOf(after(spec, { a: 1, b: 2, m: 0 }), "reader")).toEqual({ x: 1 });
  });

  it("one that lacks the part hands over within its flow only", () => {
    const short = task("b", { provides: ["y", "x"] });
    const same = linear("f", [x("a"), short, reader]);
    const outer = linear("f", [x("a"), linear("g", [short, reader])]);

    expect(argsOf(after(same, { a: 1, b: [0] }), "reader")).toEqual({ x: 1 });
    expect(argsOf(after(outer, { a: 1, b: [0] }), "reader")).toContain("nobody has a value");
  });

  it("an ignored one does not count", () => {
    const spec = linear("f", [x("a"), linear("g", [x("b"), reader])]);
    const sources = after(spec, { a: 1 });
    apply(sources.plan, sources.state, [{ change: "ignore", atoms: ["b"] }]);

    expect(argsOf(sources, "reader")).toEqual({ x: 1 });
  });

  it("one that has not run has nothing", () => {
    expect(argsOf(after(linear("f", [x("a"), reader]), {}), "reader")).toContain("nobody");
  });
});

describe("what a run leaves", () => {
  it("is every symbol with what its providers hold", () => {
    const spec = linear("f", [x("a"), x("b"), task("c", { provides: ["p", "q"] })]);
    const sources = after(spec, { a: 1, b: 2, c: [3] }, { s: 0 });

    expect(Object.fromEntries(fetchAll(sources))).toEqual({
      s: [{ ok: true, value: 0 }],
      x: [
        { ok: true, value: 1 },
        { ok: true, value: 2 },
      ],
      p: [{ ok: true, value: 3 }],
    });
    expect(outputsOf(sources)).toEqual({ s: 0, x: 1, p: 3 });
  });

  it("holds a failure where that is what became of the provider, and no part of it", () => {
    const spec = linear("f", [task("a", { provides: "x" }), task("b", { provides: ["y"] })]);
    const sources = after(spec, {});
    const failure = { name: "Error", message: "boom" };
    for (const atom of ["a", "b"]) {
      apply(sources.plan, sources.state, [
        { change: "atom", atom, to: "RUNNING" },
        { change: "atom", atom, to: "FAILURE", failure },
      ]);
    }

    expect(Object.fromEntries(fetchAll(sources))).toEqual({ x: [{ ok: false, failure }] });
    expect(outputsOf(sources)).toEqual({});
  });

  it("leaves out what one of its providers does not have, but for ignored ones", () => {
    const sources = after(linear("f", [x("a"), x("b")]), { a: 1 }, { x: 0 });
    expect(fetchAll(sources).has("x")).toBe(false);

    apply(sources.plan, sources.state, [{ change: "ignore", atoms: ["b"] }]);

    expect(outputsOf(sources)).toEqual({ x: 0 });
  });
});
