import { describe, expect, it } from "vitest";
import { hasCode } from "../../common/error.js";
import type { FlowSpec } from "../../engine/flow.js";
import { compile, type FlowError, isAtom, type Plan } from "../../engine/plan.js";
import { problem } from "./support/problem.js";
import { graph, linear, link, retry, task, unordered } from "./support/words.js";

/** Edges between atoms and boundaries as text; a flow's boundaries are `<f` and `f>`. */
function edges(plan: Plan): readonly string[] {
  const name = (index: number): string => {
    const node = plan.nodes[index];
    if (node?.kind === "enter") return `<${node.name}`;
    return node?.kind === "leave" ? `${node.name}>` : String(node?.name);
  };
  return plan.after.flatMap((after, from) => after.map((to) => `${name(from)} ${name(to)}`)).sort();
}

describe("compile", () => {
  it("hangs a row under its entry, one after the other", () => {
    expect(edges(compile(linear("f", ["a", "b"])))).toEqual(["<f a", "a b", "b f>"]);
  });

  it("hangs the unordered side by side, under the retry", () => {
    const spec = unordered("f", ["a", "b"], { retry: retry({ type: "alwaysRevert" }) });

    expect(edges(compile(spec))).toEqual(["<f f_retry", "a f>", "b f>", "f_retry a", "f_retry b"]);
  });

  it("stands a nested flow in for a child with its entry and its end", () => {
    const spec = linear("f", ["a", unordered("g", ["b", "c"]), "d"]);

    expect(edges(compile(spec))).toEqual(
      ["<f a", "a <g", "<g b", "<g c", "b g>", "c g>", "g> d", "d f>"].sort(),
    );
  });

  it("goes straight through an empty flow, or through its retry", () => {
    expect(edges(compile(linear("f", [])))).toEqual(["<f f>"]);
    const spec = linear("f", [], { retry: retry({ type: "alwaysRevert" }) });
    expect(edges(compile(spec))).toEqual(["<f f_retry", "f_retry f>"]);
  });

  it("links a graph by data, whatever the order of the text", () => {
    const spec = graph("f", [
      task("reader", { requires: ["x"] }),
      task("writer", { provides: "x" }),
    ]);

    expect(edges(compile(spec))).toEqual(["<f writer", "reader f>", "writer reader"]);
  });

  it("gives a symbol to all that lacked it, and forgets the second provider then", () => {
    const spec = graph("f", [
      task("r1", { requires: ["x"] }),
      task("r2", { requires: ["x"] }),
      task("w1", { provides: "x" }),
      task("w2", { provides: "x" }),
    ]);

    const found = edges(compile(spec)).filter((edge) => edge.startsWith("w"));

    expect(found).toEqual(["w1 r1", "w1 r2", "w2 f>"]);
  });

  it("links what follows a symbol that it need not have, also out of a flow and into one", () => {
    const inner = linear("in", [task("a", { provides: "x" }), task("b", { optional: ["x"] })]);
    const spec = graph("f", [
      graph("out", [task("c", { optional: ["x", "y"], follows: ["x", "y"] })], {
        retry: retry({ type: "custom" }, { optional: ["y"], follows: ["y"] }),
      }),
      inner,
      task("plain", { optional: ["x"] }),
    ]);

    const found = edges(compile(spec));

    expect(found).toContain("in> <out");
    expect(found).toContain("<f plain");
  });

  it("keeps what a target follows", () => {
    const spec = graph(
      "f",
      [task("a", { provides: "x" }), task("b", { optional: ["x"], follows: ["x"] }), "c"],
      { target: "b" },
    );

    expect([...compile(spec).atoms.keys()]).toEqual(["a", "b"]);
  });

  it("links a graph's flows by what they need and give as a whole", () => {
    const inner = linear("in", [
      task("c", { requires: ["x", "y"], provides: "z" }),
      task("d", { requires: ["z"] }),
    ]);
    const spec = graph("f", [
      task("a", { provides: "x" }),
      inner,
      graph("deep", [task("b", { provides: "y" })]),
      task("e", { requires: ["z"] }),
    ]);

    const found = edges(compile(spec));

    expect(found).toContain("a <in");
    expect(found).toContain("deep> <in");
    expect(found).toContain("in> e");
  });

  it("does not look for what a retry, an inject or a child itself gives", () => {
    const spec = graph(
      "f",
      [
        task("a", { provides: ["n", "i", "own"] }),
        task("b", { requires: ["n", "i"], inject: { i: 1 } }),
        task("c", { requires: ["own2"], optional: ["i"], provides: { keys: ["own2"] } }),
      ],
      { retry: retry({ type: "times", attempts: 1 }, { provides: "n" }) },
    );

    const found = edges(compile(spec));

    expect(found).not.toContain("a b");
    expect(found).not.toContain("a c");
  });

  it("takes what a nested graph lacks from outside", () => {
    const inner = graph("in", [task("b", { requires: ["x"] })], {
      retry: retry({ type: "parameterizedForEach" }, { rebind: { values: "list" } }),
    });
    const spec = graph("f", [task("a", { provides: ["x", "list"] }), inner]);

    expect(edges(compile(spec))).toContain("a <in");
  });

  it("keeps of a graph with a target what the target needs", () => {
    const spec = graph("f", ["a", "b", "c", "d"], {
      links: [link("a", "b"), link("b", "c"), link("a", "d", { decider: "yes" })],
      target: "b",
    });

    expect([...compile(spec).atoms.keys()]).toEqual(["a", "b"]);
  });

  it("forgets what a child outside the target lacks", () => {
    const inner = graph("in", [task("b", { requires: ["x"] }), "c"], { target: "c" });
    const spec = graph("f", [task("a", { provides: "x" }), inner]);

    expect(edges(compile(spec))).not.toContain("a <in");
  });

  it("passes the deciders before a flow on to all that starts it, or to its retry alone", () => {
    const inner = unordered("g", ["b", linear("h", ["c", "d"])]);
    const kept = { links: [link("a", "g", { decider: "ask", depth: "FLOW" })] } as const;
    const without = compile(graph("f", ["a", inner], kept));
    const again = { ...inner, retry: retry({ type: "alwaysRevert" }) };
    const withRetry = compile(graph("f", ["a", again], kept));
    const asked = (plan: Plan): readonly string[] =>
      plan.nodes.flatMap((node) => (isAtom(node) && node.deciders.length > 0 ? node.name : []));

    expect(asked(without)).toEqual(["b", "c"]);
    expect(asked(withRetry)).toEqual(["g_retry"]);
  });

  it("knows the retry around each atom, a retry's own being the next outer one", () => {
    const spec = linear(
      "f",
      ["a", linear("g", ["b"], { retry: retry({ type: "alwaysRevert" }) })],
      {
        retry: retry({ type: "times", attempts: 2 }, { name: "outer" }),
      },
    );
    const { atoms } = compile(spec);

    expect(atoms.get("a")?.retry?.name).toBe("outer");
    expect(atoms.get("b")?.retry?.name).toBe("g_retry");
    expect(atoms.get("g_retry")?.retry?.name).toBe("outer");
    expect(atoms.get("outer")?.retry).toBeUndefined();
  });
});

describe("compile refuses", () => {
  it("one task that is added twice, and says where", () => {
    const twice = task("a");
    const found = problem(() => compile(linear("f", [twice, linear("g", [twice])])));

    expect(found.problem).toBe("Duplicate");
    expect(found.message).toBe('Two atoms are named "a": one in flow "f", one in flow "f/g"');
  });

  it.each<[string, FlowSpec, FlowError["problem"], string]>([
    [
      "two atoms of one name, naming both flows",
      linear("f", ["a", linear("g", ["a"])]),
      "Duplicate",
      'Two atoms are named "a": one in flow "f", one in flow "f/g"',
    ],
    [
      "two retries of one name",
      linear("f", [
        linear("g", [], { retry: retry({ type: "alwaysRevert" }) }),
        linear("g", [], { retry: retry({ type: "alwaysRevert" }) }),
      ]),
      "Duplicate",
      '"g_retry"',
    ],
    [
      "a symbol that several children provide, naming them",
      graph("f", [
        task("b", { provides: "x" }),
        task("a", { provides: "x" }),
        task("c", { requires: ["x"] }),
      ]),
      "AmbiguousDependency",
      'Flow "f": "c" requires "x", which several provide: "a", "b"',
    ],
    [
      "a circle by data",
      graph("f", [
        task("a", { requires: ["x"], provides: "y" }),
        task("b", { requires: ["y"], provides: "x" }),
      ]),
      "Cycle",
      'Flow "f": the links form a circle through or before "a", "b"',
    ],
    [
      "a circle that was there before an ambiguity",
      graph("f", [
        task("a", { requires: ["x"], provides: ["y", "z"] }),
        task("b", { requires: ["y"], provides: ["x", "z"] }),
        task("c", { requires: ["z"] }),
      ]),
      "Cycle",
      "circle",
    ],
    ["a link to itself", graph("f", ["a"], { links: [link("a", "a")] }), "Cycle", '"a"'],
    [
      "a link to nobody",
      graph("f", ["a"], { links: [link("a", "b")] }),
      "UnknownChild",
      'Flow "f" has no child named "b"',
    ],
    [
      "a link to a name that several children bear",
      graph("f", ["a", linear("g", []), linear("g", [])], { links: [link("a", "g")] }),
      "UnknownChild",
      'several children named "g"',
    ],
    ["an unknown target", graph("f", ["a"], { target: "b" }), "UnknownChild", '"b"'],
    [
      "a depth without a decider",
      graph("f", ["a", "b"], { links: [link("a", "b", { depth: "ALL" })] }),
      "BadValue",
      "a link with a depth needs a decider",
    ],
    [
      "a pattern that there is not",
      { ...linear("f", ["a"]), pattern: "sequential" as "linear" },
      "BadValue",
      'Flow "f" has pattern "sequential"; there are linear, unordered, graph',
    ],
    [
      "no attempt at all",
      linear("f", [], { retry: retry({ type: "times", attempts: 0 }) }),
      "BadValue",
      "at least 1",
    ],
    [
      "attempts that are no number",
      linear("f", [], { retry: retry({ type: "times", attempts: Number.NaN }) }),
      "BadValue",
      "at least 1",
    ],
    [
      "a back-off out of range",
      linear("f", [], {
        retry: retry({ type: "alwaysRevert" }, { backoff: { delayMs: 1, jitter: 2 } }),
      }),
      "BadValue",
      "back-off",
    ],
  ])("%s", (_what, spec, kind, text) => {
    const found = problem(() => compile(spec));

    expect(found.problem).toBe(kind);
    expect(found.message).toContain(text);
    expect(hasCode(found, "BAD_FLOW")).toBe(true);
  });
});
