import { describe, expect, it } from "vitest";
import {
  defineFlow,
  defineRetry,
  graph,
  linear,
  link,
  task,
  times,
  unordered,
  z,
} from "../../sdk/index.js";
import { runFlow } from "./run-flow.js";

const fail = (message = "no"): never => {
  throw new Error(message);
};

describe("hooks of a plain task", () => {
  it("run around execute and revert, in TaskFlow's order", async () => {
    const order: string[] = [];
    const note = (what: string) => (): void => void order.push(what);
    const flow = linear("f", [
      task("a", {
        preExecute: note("before"),
        execute: note("a.x"),
        postExecute: note("after"),
        preRevert: note("before undo"),
        revert: note("a.r"),
        postRevert: note("after undo"),
      }),
      task("b", { execute: () => fail(), revert: note("b.r"), postExecute: note("b after") }),
    ]);

    const { end } = await runFlow(defineFlow({ name: "hooks", flow }));

    expect(end).toEqual({ ended: "REVERTED" });
    expect(order).toEqual([
      "before",
      "a.x",
      "after",
      "b after",
      "b.r",
      "before undo",
      "a.r",
      "after undo",
    ]);
  });

  it.each([
    ["preExecute", ["REVERTED", false]],
    ["postExecute", ["REVERTED", true]],
    ["preRevert", ["FAILURE", true]],
    ["postRevert", ["FAILURE", true]],
  ] as const)("count as the task's failure when %s throws", async (hook, expected) => {
    let called = false;
    const flow = linear("f", [
      task("a", {
        execute: () => void (called = true),
        revert: () => undefined,
        [hook]: () => fail(hook),
      }),
      task("b", { execute: () => fail() }),
    ]);

    const { end, changes } = await runFlow(defineFlow({ name: "hooks", flow }));

    expect([end, called]).toEqual([{ ended: expected[0] }, expected[1]]);
    const failure = expect.objectContaining({ message: hook }) as unknown;
    expect(changes).toContainEqual(expect.objectContaining({ atom: "a", failure }));
  });
});

describe("a hook that throws after a body that threw", () => {
  it.each([
    [new Error("hook"), "the real cause"],
    [new Error("hook", { cause: new Error("its own") }), "its own"],
    ["hook", undefined],
  ])("keeps what the body threw as its cause: %o", async (thrown, cause) => {
    const flow = linear("f", [
      task("a", {
        execute: () => fail("the real cause"),
        postExecute: () => {
          throw thrown;
        },
      }),
    ]);

    const { changes } = await runFlow(defineFlow({ name: "hooks", flow }));

    const failed = changes.find((change) => "failure" in change);
    expect(failed).toMatchObject({ atom: "a", failure: { message: "hook" } });
    const message = failed !== undefined && "failure" in failed && failed.failure?.cause?.message;
    expect(message).toBe(cause);
  });
});

describe("a plain flow", () => {
  const flow = linear("f", [
    task("a", { execute: () => 1, revert: () => 0 }),
    linear("g", [task("b", { execute: () => fail() })], { retry: times(1) }),
  ]);

  it("leaves what ran before a nested flow that gives up, unless told to hand it outwards", async () => {
    const stays = await runFlow(defineFlow({ name: "stays", flow }));
    const defers = await runFlow(defineFlow({ name: "defers", flow, deferReverts: true }));

    expect([stays.state, stays.states["a"]]).toEqual(["FAILURE", "SUCCESS"]);
    expect([defers.state, defers.states["a"]]).toEqual(["REVERTED", "REVERTED"]);
  });

  it("stops as it is at the first failure, when it is told to resolve none", async () => {
    const { state, states } = await runFlow(
      defineFlow({ name: "stops", flow, neverResolve: true }),
    );

    expect(state).toBe("FAILURE");
    expect(states).toMatchObject({ a: "SUCCESS", b: "FAILURE" });
  });
});

describe("a plain task's revert", () => {
  it("may have arguments of its own", async () => {
    const seen: unknown[] = [];
    const flow = linear("f", [
      task("make", {
        requires: ["path"],
        execute: ({ path }) => path ?? null,
        revertRequires: ["target", "mode"],
        revertRebind: { target: "path" },
        revert: (args) => void seen.push(args),
      }),
      task("b", { execute: () => fail() }),
    ]);
    const params = z.object({ path: z.string(), mode: z.int() });

    await runFlow(defineFlow({ name: "own", params, flow }), { path: "/a", mode: 7 });

    expect(seen).toEqual([{ target: "/a", mode: 7 }]);
  });

  it.each([{ revertRebind: { a: "b" } }, { revertRequires: ["a"], revertArgs: "none" as const }])(
    "cannot have both its own and others: %o",
    (options) => {
      const make = () => task("a", { execute: () => 1, ...options });

      expect(make).toThrow(/revertRebind goes with revertRequires/);
    },
  );
});

describe("an own retry in a plain flow", () => {
  it("gets arguments by symbol, as tasks do", async () => {
    const seen: unknown[] = [];
    const retry = defineRetry({
      requires: ["most", "step"],
      optional: ["hint"],
      rebind: { most: "limit" },
      inject: { step: 2 },
      provides: "n",
      execute: (history, { step }) => (history.length + 1) * Number(step),
      onFailure: (history, { most, hint }) => {
        seen.push([history.length, most, hint]);
        return history.length < Number(most) ? "RETRY" : "REVERT";
      },
      revert: (history, { most }) => seen.push(["reverts", history.length, most]),
    });
    const flow = defineFlow({
      name: "f",
      params: z.object({ limit: z.int().default(2) }),
      flow: linear("f", [task("a", { requires: ["n"], execute: ({ n }) => fail(`n ${n}`) })], {
        retry,
      }),
    });

    const { state, errors } = await runFlow(flow);

    expect([state, errors]).toEqual(["REVERTED", { a: "n 4" }]);
    expect(seen).toEqual([
      [1, 2, undefined],
      [2, 2, undefined],
      ["reverts", 2, 2],
    ]);
  });
});

describe("limits of a flow", () => {
  it("are part of it, however it is written", () => {
    const limits = { concurrency: 2, timeLimit: "5m" } as const;
    const built = defineFlow({ name: "built", ...limits, build: () => undefined });
    const plain = defineFlow({ name: "plain", ...limits, flow: unordered("f", []) });

    const expected = { concurrency: 2, timeoutMs: 300_000 };
    expect(built.prepare({}).spec).toMatchObject(expected);
    expect(plain.prepare({}).spec).toMatchObject(expected);
  });

  it.each([
    [{ concurrency: 0 }, /concurrency 0/],
    [{ concurrency: 1.5 }, /concurrency 1.5/],
    [{ timeLimit: "soon" as "1s" }, /timeLimit: soon/],
  ])("are refused when they make no sense: %o", (limits, message) => {
    expect(() => defineFlow({ name: "bad", ...limits, build: () => undefined })).toThrow(message);
  });
});

describe("questions to code of the author's", () => {
  it("as deciders are told the results of their sources", async () => {
    const flow = graph(
      "g",
      [
        task("count", { execute: () => 3 }),
        task("many", { execute: () => "many" }),
        task("few", { execute: () => "few" }),
      ],
      {
        links: [
          link("count", "many", { decider: ({ count }) => Number(count) > 9, depth: "ATOM" }),
          link("count", "few", { decider: async ({ count }) => Number(count) <= 9 }),
        ],
      },
    );

    const { states } = await runFlow(defineFlow({ name: "choice", flow }));

    expect(states).toEqual({ count: "SUCCESS", many: "IGNORE", few: "SUCCESS" });
  });

  it("that answer a promise where a condition is wanted fail, and skip nothing silently", async () => {
    const flow = defineFlow({
      name: "when",
      build(f) {
        f.task("maybe", {
          when: (() => Promise.resolve(true)) as unknown as () => boolean,
          execute: () => 1,
        });
      },
    });

    const { end, changes } = await runFlow(flow);

    expect(end).toEqual({ ended: "REVERTED" });
    const failure = expect.objectContaining({
      message: "maybe/when answered neither true nor false.",
    }) as unknown;
    expect(changes).toContainEqual(expect.objectContaining({ to: "FAILURE", failure }));
  });

  it("are told the whole history, values and failures, as often as they are asked", async () => {
    const histories: unknown[] = [];
    const retry = defineRetry({
      name: "r",
      provides: "host",
      execute: (history) => `host-${history.length + 1}`,
      onFailure(history) {
        histories.push(
          history.map(({ value, failures }) => [value, failures["call"]?.message ?? null]),
        );
        return history.length < 2 ? "RETRY" : "REVERT";
      },
      revert: (history) => void histories.push(history.length),
    });
    const call = task("call", { requires: ["host"], execute: ({ host }) => fail(String(host)) });

    await runFlow(defineFlow({ name: "own", flow: linear("f", [call], { retry }) }));

    const [first, second] = [
      ["host-1", "host-1"],
      ["host-2", "host-2"],
    ];
    expect(histories).toEqual([[first], [first, second], 2]);
  });
});

describe("what a body can say", () => {
  it("is heard: lines, saved points, and what comes of another attempt", async () => {
    const flow = defineFlow({
      name: "speak",
      retry: times(2),
      build(f) {
        f.task("a", {
          execute: async (_, ctx) => {
            ctx.progress(0.5, "half");
            ctx.log(`saved ${JSON.stringify(ctx.lastSaved ?? null)}`);
            await ctx.saved({ page: 1 });
            if (/^[^/]+\/1\//.test(ctx.idempotencyKey)) fail();
            return ctx.idempotencyKey;
          },
        });
      },
    });

    const { logs, results } = await runFlow(flow);

    // Another attempt of the retry is another piece of work: it begins without the saved point.
    expect(logs).toEqual(["a: saved null", "a: saved null"]);
    expect(results["a"]).toMatch(/^[^/]+\/2\/execute\/a$/);
  });
});
