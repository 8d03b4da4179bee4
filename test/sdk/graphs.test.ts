import { describe, expect, it } from "vitest";
import { compile, validate } from "../../engine/plan.js";
import { defineFlow, defineRetry } from "../../sdk/index.js";
import { runFlow } from "./run-flow.js";

describe("a graph", () => {
  it.each<["ALL" | "ATOM", string]>([
    ["ALL", "after n1 n2 n3"],
    ["ATOM", "n1 n2 n3"],
  ])("skips a flow as one, and with depth %s no more than that says", async (depth, skipped) => {
    const flow = defineFlow({
      name: "skipping",
      pattern: "graph",
      build(f) {
        const a = f.task("a", { execute: () => 1 });
        const names = ["n1", "n2", "n3"];
        f.linear("in", (s) => names.forEach((name) => s.task(name, { execute: () => 1 })));
        f.task("after", { execute: () => 1 });
        f.link(a, "in", { when: () => false, depth });
        f.link("in", "after");
      },
    });

    const { states } = await runFlow(flow);

    const ignored = Object.keys(states).filter((name) => states[name] === "IGNORE");
    expect(
      ignored
        .map((name) => name.replace("in/", ""))
        .sort()
        .join(" "),
    ).toBe(skipped);
  });

  it("asks a task's own condition only when the link to it says yes", async () => {
    const flow = defineFlow({
      name: "twice",
      pattern: "graph",
      build(f) {
        const a = f.task("a", { execute: () => 1 });
        const b = f.task("b", { in: { a }, when: () => true, execute: () => 1 });
        f.link(a, b, { when: () => false, depth: "ATOM" });
      },
    });

    expect((await runFlow(flow)).states).toMatchObject({ "b/when": "IGNORE", b: "IGNORE" });
  });

  it("runs the readers of a result that may be missing after the task that may make it", async () => {
    const flow = defineFlow({
      name: "reading",
      pattern: "graph",
      build(f) {
        const n = f.task("n", { execute: () => 5 });
        const a = f.linear("l", (s) =>
          s.task("a", { in: { n }, when: () => true, execute: () => true }),
        );
        f.task("asks", { in: { a }, when: ({ a: made }) => made === true, execute: () => "asked" });
        f.linear("m", (s) =>
          s.task("b", { in: { a }, execute: ({ a: made }) => made ?? "missing" }),
        );
        f.target("m");
      },
    });
    const untargeted = defineFlow({
      name: "reading",
      pattern: "graph",
      build(f) {
        const a = f.task("a", { when: () => true, execute: () => true });
        f.task("asks", { in: { a }, when: ({ a: made }) => made === true, execute: () => "asked" });
        f.linear("t", (s) => s.task("x", { execute: () => 1 }), {
          retry: defineRetry({
            in: { a },
            onFailure: () => "REVERT",
            execute: (_, { a: made }) => (made === true ? 1 : 0),
          }),
        });
      },
    });

    const [one, other] = [await runFlow(flow), await runFlow(untargeted)];

    expect(one.results).toMatchObject({ "l/a": true, "m/b": true });
    expect(other.results).toMatchObject({ asks: "asked", t_retry: 1 });
  });

  it("cannot hand a result that may be missing to what is beside it", () => {
    const flow = defineFlow({
      name: "beside",
      pattern: "unordered",
      build(f) {
        const a = f.task("a", { when: () => true, execute: () => 1 });
        f.task("b", { in: { a }, execute: () => 1 });
      },
    });

    const { spec } = flow.prepare({});

    expect(() => validate(compile(spec), [])).toThrow(/"b" requires "a" \(symbol "a.result"\)/);
  });

  it("asks a link from a flow with the results of its tasks", async () => {
    const seen: unknown[] = [];
    const flow = defineFlow({
      name: "asking",
      pattern: "graph",
      build(f) {
        const count = f.linear("in", (s) => s.task("count", { execute: () => 12 }));
        const maybe = f.task("maybe", { when: () => true, execute: () => "yes" });
        const many = f.task("many", { execute: () => "many" });
        f.link(count, many, { when: (results) => seen.push(results["in/count"]) > 0 });
        f.link(maybe, many, { when: (results) => seen.push(results["maybe"]) > 0 });
      },
    });

    expect((await runFlow(flow)).states).toMatchObject({ many: "SUCCESS" });
    expect(seen).toEqual([12, "yes"]);
  });

  it("orders by links, and asks them", async () => {
    const order: string[] = [];
    const flow = defineFlow({
      name: "linked",
      pattern: "graph",
      build(f) {
        f.task("late", { execute: () => void order.push("late") });
        const early = f.task("early", { execute: () => order.push("early") });
        f.linear("never", (s) => void s.task("x", { execute: () => void order.push("x") }));
        f.link(early, "late");
        f.link("late", "never", { when: () => false });
      },
    });

    const { states } = await runFlow(flow);

    expect(order).toEqual(["early", "late"]);
    expect(states["never/x"]).toBe("IGNORE");
  });

  it("can aim at a part", () => {
    const flow = defineFlow({
      name: "aimed",
      pattern: "graph",
      build(f) {
        const a = f.task("a", { execute: () => 1 });
        f.task("b", { execute: () => 2 });
        f.target(a);
      },
    });

    expect(flow.prepare({}).spec).toMatchObject({ target: "a" });
  });
});
