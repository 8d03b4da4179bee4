import { describe, expect, it } from "vitest";
import { defineFlow, defineTask, forEach, times, z } from "../../sdk/index.js";
import { runFlow } from "./run-flow.js";

const fail = (message = "no"): never => {
  throw new Error(message);
};

describe("a built flow", () => {
  it("hands results on, whole and in parts", async () => {
    const flow = defineFlow({
      name: "parts",
      params: z.object({ root: z.string().default("/srv") }),
      build(f, p) {
        const site = f.task("prepare", {
          in: { root: p.root },
          execute: ({ root }) => ({ dir: root, files: [{ name: "a" }, { name: "b" }] }),
        });
        f.task("whole", { in: { site }, execute: ({ site }) => site.files.length });
        f.task("part", {
          in: { dir: site.dir, second: site.files[1], missing: site.files[7], five: 5 },
          execute: ({ dir, second, missing, five }) => {
            return [dir, second?.name ?? "", missing === undefined, five];
          },
        });
      },
    });

    const { results } = await runFlow(flow);

    expect(results["whole"]).toBe(2);
    expect(results["part"]).toEqual(["/srv", "b", true, 5]);
  });

  it("names the atoms of nested flows by their path", async () => {
    const flow = defineFlow({
      name: "nested",
      build(f) {
        const port = f.linear("serve", (s) => s.task("listen", { execute: () => 80 }));
        f.unordered("after", (s) => {
          s.graph("deep", (g) => void g.task("use", { in: { port }, execute: ({ port }) => port }));
        });
      },
    });

    const { results } = await runFlow(flow);

    expect(results).toEqual({ "serve/listen": 80, "after/deep/use": 80 });
  });

  it("keeps a result apart from a parameter of the same name", async () => {
    const flow = defineFlow({
      name: "names",
      params: z.object({ port: z.int() }),
      build(f, p) {
        const port = f.task("port", { in: { base: p.port }, execute: ({ base }) => base + 1 });
        f.task("sum", { in: { port, base: p.port }, execute: ({ port, base }) => port + base });
      },
    });

    const { results } = await runFlow(flow, { port: 1 });

    expect(results).toEqual({ port: 2, sum: 3 });
  });

  it("reverts with the input, the result, or the failure", async () => {
    const seen: unknown[] = [];
    const flow = defineFlow({
      name: "undo",
      params: z.object({ n: z.int() }),
      build(f, p) {
        f.task("first", {
          in: { n: p.n },
          execute: ({ n }) => ({ twice: 2 * n }),
          revert: ({ n }, { result, failure, flowFailures }) => {
            seen.push(["first", n, result, failure, Object.keys(flowFailures)]);
          },
        });
        f.task("second", {
          execute: () => fail("broken"),
          revert: (_, { result, failure }) => void seen.push(["second", result, failure?.message]),
        });
      },
    });

    const { end } = await runFlow(flow, { n: 4 });

    expect(end).toEqual({ ended: "REVERTED" });
    expect(seen).toEqual([
      ["second", undefined, "broken"],
      ["first", 4, { twice: 8 }, undefined, ["second"]],
    ]);
  });

  it("gives the attempt of a retry to its tasks", async () => {
    const flow = defineFlow({
      name: "attempts",
      build(f) {
        f.linear(
          "try",
          (s, attempt) => {
            s.task("work", { in: { attempt }, execute: ({ attempt }) => attempt > 2 || fail() });
          },
          { retry: times(3, { backoff: "1s" }) },
        );
      },
    });

    const { end, changes } = await runFlow(flow);

    expect(end).toEqual({ ended: "SUCCESS" });
    expect(changes.filter(({ change }) => change === "wait")).toHaveLength(2);
  });

  it("tries each value of a list, given or from a parameter", async () => {
    const flow = defineFlow({
      name: "values",
      params: z.object({ hosts: z.array(z.string()) }),
      build(f, p) {
        f.linear(
          "given",
          (s, n) => s.task("a", { in: { n }, execute: ({ n }) => (n === 7 ? n : fail()) }),
          { retry: forEach([5, 6, 7]) },
        );
        f.linear(
          "looked-up",
          (s, host) => s.task("b", { in: { host }, execute: ({ host }) => host }),
          { retry: forEach(p.hosts) },
        );
      },
    });

    const { results } = await runFlow(flow, { hosts: ["x", "y"] });

    expect(results).toMatchObject({ "given/a": 7, "looked-up/b": "x" });
  });

  it("retries as a whole when the flow itself has a retry", async () => {
    let calls = 0;
    const flow = defineFlow({
      name: "whole",
      retry: times(3),
      build(f) {
        f.task("work", { execute: () => ++calls > 2 || fail() });
      },
    });

    expect((await runFlow(flow)).end).toEqual({ ended: "SUCCESS" });
    expect(flow.prepare({}).spec.retry).toMatchObject({ name: "whole_retry" });
  });

  it("shares tasks between flows", async () => {
    const double = defineTask({ execute: (input: { readonly n: number }) => input.n * 2 });
    const flow = defineFlow({
      name: "shared",
      build(f) {
        const four = f.use("once", double, { n: 2 });
        f.use("twice", double, { n: four });
      },
    });

    expect((await runFlow(flow)).results).toEqual({ once: 4, twice: 8 });
  });

  it("takes its shape from the parameters' values", () => {
    const flow = defineFlow({
      name: "shaped",
      params: z.object({ steps: z.int().default(2) }),
      build(f, _, given) {
        for (let n = 1; n <= given.steps; n += 1) f.task(`step ${n}`, { execute: () => n });
      },
    });

    expect(flow.prepare({ steps: 3 }).spec.children).toHaveLength(3);
    expect(flow.prepare({}).spec.children).toHaveLength(2);
  });

  it("leaves out an input whose parameter is absent", async () => {
    const flow = defineFlow({
      name: "absent",
      params: z.object({ note: z.string().optional() }),
      build(f, p) {
        f.task("say", { in: { note: p.note }, execute: ({ note }) => note ?? "nothing" });
      },
    });

    expect((await runFlow(flow)).results).toEqual({ say: "nothing" });
    expect((await runFlow(flow, { note: "x" })).results).toEqual({ say: "x" });
  });
});

describe("a task with a condition", () => {
  const flow = defineFlow({
    name: "conditional",
    params: z.object({ n: z.int(), loud: z.boolean().default(false) }),
    build(f, p) {
      const big = f.task("big", {
        in: { n: p.n },
        when: ({ n }) => n > 10,
        execute: ({ n }) => `${n} is big`,
      });
      f.task("shout", { when: p.loud, execute: () => "!" });
      f.task("after", { in: { big }, execute: ({ big }) => big ?? "small" });
    },
  });

  it("runs when it holds", async () => {
    const { results, states } = await runFlow(flow, { n: 11, loud: true });

    expect(results).toMatchObject({ big: "11 is big", shout: "!", after: "11 is big" });
    expect(states).toMatchObject({ big: "SUCCESS", shout: "SUCCESS" });
  });

  it("is skipped when it does not, and nothing else is", async () => {
    const { end, results, states } = await runFlow(flow, { n: 3 });

    expect(end).toEqual({ ended: "SUCCESS" });
    expect(states).toMatchObject({ big: "IGNORE", shout: "IGNORE", after: "SUCCESS" });
    expect(results["after"]).toBe("small");
  });
});
