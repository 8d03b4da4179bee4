import { describe, expect, it } from "vitest";
import { toTree } from "../../../agent/jobs/tree.js";
import type { FlowSpec, TaskSpec } from "../../../engine/flow.js";

function task(name: string, more: Partial<TaskSpec> = {}): TaskSpec {
  return { kind: "task", name, ...more };
}

describe("the tree of a flow", () => {
  it("has the links of a graph, by data and by hand, between the children as written", () => {
    const flow: FlowSpec = {
      kind: "flow",
      name: "g",
      pattern: "graph",
      retry: { kind: "retry", controller: { type: "times", attempts: 2 } },
      children: [
        task("last", { requires: ["x"] }),
        task("first", { provides: "x" }),
        { kind: "flow", name: "inner", pattern: "linear", children: [task("a"), task("b")] },
      ],
      links: [{ from: "inner", to: "last", decider: "wanted" }],
    };

    const { children = [], links } = toTree(flow);

    expect(children.map(({ name }) => name)).toEqual(["g_retry", "last", "first", "inner"]);
    expect(links).toEqual([
      { from: 2, to: 1 },
      { from: 3, to: 1, decider: "wanted" },
    ]);
    expect(children[3]).not.toHaveProperty("links");
  });

  it("leaves out links of children that do not take part", () => {
    const flow: FlowSpec = {
      kind: "flow",
      name: "g",
      pattern: "graph",
      children: [task("a", { provides: "x" }), task("b", { requires: ["x"] }), task("c")],
      links: [{ from: "b", to: "c" }],
      target: "b",
    };

    expect(toTree(flow).links).toEqual([{ from: 0, to: 1 }]);
  });
});
