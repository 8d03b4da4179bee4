import { describe, expect, it } from "vitest";
import type { Depth } from "../../engine/flow.js";
import { compile } from "../../engine/plan.js";
import { fail, failing, Gate, Stage } from "./support/stage.js";
import { graph, linear, link, retry, unordered } from "./support/words.js";

describe("deciders", () => {
  const chain = (depth?: "ALL" | "FLOW" | "NEIGHBORS" | "ATOM") =>
    linear("all", [
      graph("f", ["a", "b", "c", "d"], {
        links: [
          link("a", "b", { decider: "ask", ...(depth && { depth }) }),
          link("b", "c"),
          link("c", "d"),
        ],
      }),
      linear("g", ["e"], { retry: retry({ type: "alwaysRevert" }) }),
    ]);

  it.each<[Parameters<typeof chain>[0], string]>([
    [undefined, "b c d e g_retry"],
    ["ALL", "b c d e g_retry"],
    ["FLOW", "b c d"],
    ["NEIGHBORS", "b c"],
    ["ATOM", "b"],
  ])("that say no take along what their depth %s reaches", async (depth, ignored) => {
    const stage = new Stage(chain(depth), { decide: () => false });

    expect(await stage.run()).toEqual({ ended: "SUCCESS" });

    const names = ["a", "b", "c", "d", "e", "g_retry"];
    const found = names.filter((name) => stage.states(name).includes("IGNORE"));
    expect(found.sort().join(" ")).toBe(ignored);
  });

  it.each<[Parameters<typeof chain>[0], string]>([
    ["ALL", "after n1 n2 n3 r"],
    ["FLOW", "after n1 n2 n3 r"],
    ["NEIGHBORS", "after n1 n2 n3 r"],
    ["ATOM", "n1 n2 n3 r"],
  ])("that are asked about a flow as a whole skip all of it, depth %s", async (depth, ignored) => {
    const inner = linear("inner", ["n1", unordered("beside", ["n2"]), "n3"], {
      retry: retry({ type: "times", attempts: 2 }, { name: "r" }),
    });
    const links = [
      link("a", "outer", { decider: "ask", ...(depth && { depth }), whole: true }),
      link("outer", "after"),
    ];
    const outer = graph("outer", [inner]);
    const stage = new Stage(graph("f", ["a", outer, "after"], { links }), { decide: () => false });

    expect(await stage.run()).toEqual({ ended: "SUCCESS" });

    const names = ["after", "n1", "n2", "n3", "r"];
    expect(names.filter((name) => stage.states(name).includes("IGNORE")).join(" ")).toBe(ignored);
  });

  it("have a depth in capitals or not, and no other than the four", async () => {
    const spec = (depth: string) =>
      graph("f", ["a", "b", "c"], {
        links: [link("a", "b", { decider: "ask", depth: depth as Depth }), link("b", "c")],
      });
    const stage = new Stage(spec("atom"), { decide: () => false });

    expect(await stage.run()).toEqual({ ended: "SUCCESS" });
    expect(stage.states("c")).not.toContain("IGNORE");
    expect(() => compile(spec("deep"))).toThrow(
      'Flow "f": the link from "a" to "b" has depth "deep"; there are ALL, FLOW, NEIGHBORS, ATOM',
    );
  });

  it("are told the results of their links' sources, ignored ones do not vote", async () => {
    const seen: unknown[] = [];
    const spec = graph("f", ["a", "b", "c", "d", linear("g", ["e"])], {
      links: [
        link("a", "b", { decider: "no", depth: "ATOM" }),
        link("b", "d", { decider: "unasked" }),
        link("c", "d", { decider: "asked" }),
        link("g", "d", { decider: "flow" }),
      ],
    });
    const stage = new Stage(spec, {
      decide: (decider, target, results) => {
        seen.push([decider, target, results]);
        return decider !== "no";
      },
    });

    await stage.run();

    expect(seen).toEqual([
      ["no", "b", { a: "a" }],
      ["asked", "d", { c: "c", e: "e" }],
      ["flow", "d", { c: "c", e: "e" }],
    ]);
    expect(stage.states("d")).toEqual(["RUNNING", "SUCCESS"]);
  });

  it("of whom several say no reach as far as the widest of those", async () => {
    const spec = graph("f", ["a", "b", "c"], {
      links: [link("a", "b", { decider: "no", depth: "ATOM" }), link("b", "c")],
    });
    const inner = graph("h", ["x", spec], {
      links: [link("x", "f", { decider: "no", depth: "NEIGHBORS" })],
    });
    const stage = new Stage(inner, { decide: () => false });

    await stage.run();

    expect(stage.lines.join()).toContain("ignore a b");
    expect(stage.states("c")).toEqual(["RUNNING", "SUCCESS"]);
  });

  it("that throw make their target fail before it began", async () => {
    const stage = new Stage(chain(), { decide: () => fail("cannot decide") });

    expect(await stage.run()).toEqual({ ended: "REVERTED" });
    expect(stage.states("b")).toEqual(["RUNNING", "FAILURE", "REVERTING", "REVERTED"]);
    expect(stage.calls).toEqual(["a.x", "ask>b", "a.r"]);
  });

  it("are asked again when a retry comes by again", async () => {
    let asked = 0;
    const spec = graph("f", ["a", "b", "c"], {
      links: [link("a", "b", { decider: "ask", depth: "ATOM" }), link("b", "c")],
      retry: retry({ type: "times", attempts: 2 }),
    });
    const stage = new Stage(spec, {
      decide: () => {
        asked += 1;
        return asked > 1;
      },
      execute: { c: failing(1) },
    });

    expect(await stage.run()).toEqual({ ended: "SUCCESS" });
    expect(stage.states("b")).toEqual(["IGNORE", "PENDING", "RUNNING", "SUCCESS"]);
  });

  it("whose word comes when the flow has turned are not heard", async () => {
    let answer: (yes: boolean) => void = () => undefined;
    const word = new Promise<boolean>((resolve) => {
      answer = resolve;
    });
    const gate = new Gate();
    const spec = unordered("all", [
      graph("f", ["a", "b"], { links: [link("a", "b", { decider: "ask" })] }),
      "x",
    ]);
    const stage = new Stage(spec, {
      decide: () => word,
      execute: { x: (call, hooks) => gate.body(call, hooks).then(() => fail()) },
    });
    const run = stage.run();
    await stage.clock.advance(1);
    gate.open();
    await stage.clock.advance(1);
    answer(true);

    expect(await run).toEqual({ ended: "REVERTED" });
    expect(stage.states("b")).toEqual([]);
  });

  it("that agreed are not asked twice, though their atom has to wait for room", async () => {
    const gate = new Gate();
    const spec = graph("f", ["a", "b", "x"], { links: [link("a", "b", { decider: "ask" })] });
    const stage = new Stage(spec, { execute: { x: gate.body } });
    const run = stage.run({ concurrency: 1 });
    await stage.clock.advance(1);
    gate.open();

    expect(await run).toEqual({ ended: "SUCCESS" });
    expect(stage.calls.filter((call) => call === "ask>b")).toHaveLength(1);
  });

  it("that agreed are not heard any more when the flow turns before there is room", async () => {
    const gate = new Gate();
    const spec = unordered("all", [
      graph("f", ["a", "b"], { links: [link("a", "b", { decider: "ask" })] }),
      "x",
    ]);
    const stage = new Stage(spec, {
      execute: { x: (call, hooks) => gate.body(call, hooks).then(() => fail()) },
    });
    const run = stage.run({ concurrency: 1 });
    await stage.clock.advance(1);
    expect(stage.calls).toEqual(["a.x", "ask>b", "x.x"]);
    gate.open();

    expect(await run).toEqual({ ended: "REVERTED" });
    expect(stage.states("b")).toEqual([]);
  });

  it("leave alone what another one has taken along already", async () => {
    const spec = graph("f", ["a", "b", "x", "y", "c"], {
      links: [
        link("a", "b", { decider: "no" }),
        link("b", "c"),
        link("x", "y", { decider: "no" }),
        link("y", "c"),
      ],
    });
    const stage = new Stage(spec, { decide: () => false });

    expect(await stage.run()).toEqual({ ended: "SUCCESS" });
    expect(stage.lines.join()).toContain("ignore b c, ignore y");
  });
});
