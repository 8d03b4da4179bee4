import { describe, expect, it } from "vitest";
import { compile, validate } from "../../engine/plan.js";
import { problem } from "./support/problem.js";
import { linear, retry, task, unordered } from "./support/words.js";

describe("validate", () => {
  it("names every argument that has no source, and why", () => {
    const spec = linear("f", [
      task("a", { requires: ["x", "b"], rebind: { b: "later" }, provides: "x" }),
      unordered("u", [
        task("c", { provides: "side" }),
        task("d", { requires: ["side"] }),
        task("e", { provides: "side" }),
      ]),
      task("z", { provides: "later" }),
    ]);

    const found = problem(() => validate(compile(spec), []));

    expect(found.problem).toBe("MissingDependencies");
    expect([...found.names].sort()).toEqual(["b", "side", "x"]);
    expect(found.message).toContain('"a" requires "b" (symbol "later"): provided by z, which not');
    expect(found.message).toContain('"d" requires "side": provided by c, e, which not always come');
  });

  it("says so when nobody at all provides it", () => {
    const found = problem(() =>
      validate(compile(linear("f", [task("a", { requires: ["x"] })])), []),
    );

    expect(found.message).toBe('Flow "f" lacks arguments: "a" requires "x": nobody provides it');
  });

  it("wants what an optional argument follows before it, where somebody provides it", () => {
    const reader = task("b", { optional: ["x", "nobody"], follows: ["x", "nobody"] });
    const late = unordered("f", [task("a", { provides: "x" }), reader]);
    const early = linear("f", [task("a", { provides: "x" }), reader]);

    expect(problem(() => validate(compile(late), [])).message).toBe(
      'Flow "f" lacks arguments: "b" requires "x": provided by a, which not always comes before',
    );
    expect(() => validate(compile(late), ["x"])).not.toThrow();
    expect(() => validate(compile(early), [])).not.toThrow();
  });

  it("is content with the store, an inject, an earlier atom, or an optional argument", () => {
    const spec = linear(
      "f",
      [
        task("a", { requires: ["s", "i"], inject: { i: 1 }, optional: ["nobody"], provides: "x" }),
        linear("g", [task("b", { requires: ["x", "n"] })]),
      ],
      { retry: retry({ type: "times", attempts: 1 }, { provides: "n" }) },
    );

    expect(() => validate(compile(spec), ["s"])).not.toThrow();
  });

  it("does not take a retry's value from the flow that it starts", () => {
    const spec = linear("f", [task("a", { provides: "values" })], {
      retry: retry({ type: "parameterizedForEach" }),
    });

    expect(problem(() => validate(compile(spec), [])).names).toEqual(["values"]);
  });
});
