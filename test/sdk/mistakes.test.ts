import { describe, expect, it } from "vitest";
import type { JobrunnerError } from "../../common/error.js";
import { compile, validate } from "../../engine/plan.js";
import {
  defineFlow,
  defineRetry,
  type FlowDefinition,
  forEach,
  graph,
  type GraphScope,
  linear,
  link,
  parameterizedForEach,
  portIsFree,
  task,
  times,
  z,
} from "../../sdk/index.js";

/* What is refused, when, and in which words: at definition, at building, at posting. */

const run = () => 1;

function thrown(act: () => unknown): JobrunnerError {
  try {
    act();
  } catch (error) {
    return error as JobrunnerError;
  }
  throw new Error("nothing was thrown");
}

/** What the loader and every posting do with a flow. */
function check(flow: FlowDefinition): void {
  const { spec, params } = flow.prepare({});
  validate(compile(spec), Object.keys(params));
}

const building = (build: (f: GraphScope) => unknown) => () =>
  check(defineFlow({ name: "wrong", build }));

describe("defining a flow refuses", () => {
  const params = (shape: z.ZodRawShape) => () => {
    return defineFlow({ name: "wrong", params: z.object(shape), build: () => {} });
  };

  it.each([
    ["a date", params({ when: z.date() }), 'parameter "when" cannot travel as JSON'],
    ["a bigint", params({ big: z.bigint() }), 'parameter "big" cannot travel as JSON'],
    ["a transform", params({ n: z.string().transform(Number) }), "Transforms cannot be"],
    ["a reserved name", params({ wait: z.boolean() }), "has the name of a flag of jobrunner post"],
    ["a reserved flag", params({ dryRun: z.boolean() }), "has the name of a flag"],
    ["a name that is no flag", params({ "a b": z.string() }), "cannot be a flag"],
    ["a root that is no object", () => named({ params: z.string() }), "params must be z.object"],
    ["a name that is none", () => named({ name: "a b" }), 'Flow "a b": a flow is named by'],
    [
      "a migration from no older version",
      () => named({ version: 2, migrations: { 2: {} } }),
      'migrations has "2": wants numbers of versions before 2',
    ],
    ["a version from 0", () => named({ version: 0 }), "version counts from 1"],
  ])("%s", (_, define, message) => {
    const error = thrown(define);

    expect(error).toMatchObject({ code: "BAD_FLOW" });
    expect(error.message).toContain(message);
  });

  /** As an author without types writes it. */
  function named(options: object): unknown {
    return defineFlow({ name: "wrong", build: () => {}, ...options } as never);
  }
});

describe("building a flow refuses", () => {
  it.each([
    ["no execute", building((f) => f.task("a", {} as never)), 'Task "a" has no execute'],
    ["two parts of one name", building(twice), '"wrong" has two parts named "a"'],
    [
      "a path as a name",
      building((f) => f.task("a/b", { execute: run })),
      '"a/b" cannot be a name',
    ],
    ["a function as an input", building(withInput(run)), 'input "x" of task "a" is not JSON'],
    ["a date as an input", building(withInput(new Date())), "the value is a Date"],
    ["a reference inside a constant", building(hidden), "holds a reference inside: first.result"],
    ["a link in a linear flow", building((f) => f.link("a", "b")), "link belongs to graph flows"],
    ["an asynchronous build", building(async () => {}), "build is asynchronous"],
    ["a part added too late", building(late), 'is added to "in" after it was built'],
    ["the result of a sibling that runs beside it", building(beside), "unordered"],
    ["forEach over a part", () => forEach(part() as never), "wants a whole parameter or result"],
    ["no attempts", () => times(0), "times(0): wants a whole number from 1"],
    ["a delay that is none", () => times(2, { backoff: "1 s" as never }), "is not a duration"],
    ["capabilities that are no clauses", noClauses, "must answer clauses such as portIsFree(8080)"],
  ])("%s", (_, build, message) => {
    const error = thrown(build);

    expect(error).toMatchObject({ code: "BAD_FLOW" });
    expect(error.message).toContain(message);
  });

  function twice(f: GraphScope): void {
    f.task("a", { execute: run });
    f.linear("a", () => {});
  }
  function withInput(x: unknown) {
    return (f: GraphScope) => f.task("a", { in: { x: x as never }, execute: run });
  }
  function hidden(f: GraphScope): void {
    const first = f.task("first", { execute: run });
    f.task("second", { in: { options: { first } as never }, execute: run });
  }
  function late(f: GraphScope): void {
    const scope = f.linear("in", (s) => s);
    scope.task("late", { execute: run });
  }
  function beside(f: GraphScope): void {
    f.unordered("unordered", (s) => {
      const a = s.task("a", { execute: run });
      s.task("b", { in: { a }, execute: run });
    });
  }
  function part(): unknown {
    let found: unknown;
    building((f) => {
      found = f.task("a", { execute: () => ({ list: [1] }) }).list;
    })();
    return found;
  }
  function noClauses(): unknown {
    const flow = defineFlow({ name: "x", capabilities: () => ["gpu"] as never, build: () => {} });
    return flow.prepare({});
  }
});

describe("a reference used as a value", () => {
  const used = (use: (n: never) => unknown) =>
    building((f) => use(f.task("n", { execute: run }) as never));

  it("throws when it is compared, added or printed", () => {
    expect(used((n) => n > 1)).toThrow(TypeError);
    expect(used((n) => `${n}`)).toThrow(TypeError);
    expect(used((n) => n + 1)).toThrow(TypeError);
  });

  it("says which one it is, and what to do instead", () => {
    expect(used((n) => n > 1)).toThrow("n.result is a reference: its value is not there before");
    expect(used((n) => JSON.stringify(n))).toThrow("n.result is a reference");
  });

  it("cannot be handed over in the place of named inputs, nor spread among them", () => {
    const within = (toInputs: (n: object) => object) =>
      building((f) => {
        const n = f.task("n", { execute: () => ({ dir: "/" }) });
        f.task("m", { in: toInputs(n) as never, execute: run });
      });

    for (const toInputs of [(n: object) => n, (n: object) => ({ ...n, port: 80 })]) {
      expect(within(toInputs)).toThrow(/n\.result is a reference.*Name the parts/);
    }
  });

  it("cannot be written to", () => {
    expect(used((n: { x: number }) => (n.x = 1))).toThrow("cannot be written to: n.result");
  });

  it("is no promise", async () => {
    let awaited: unknown;
    building((f) => {
      const ref = f.task("n", { execute: run });
      awaited = Promise.resolve(ref).then((value) => value === ref);
    })();

    expect(await awaited).toBe(true);
  });
});

describe("a flow in plain words", () => {
  it("is built by the same rules", () => {
    const flow = defineFlow({
      name: "plain",
      params: z.object({ who: z.string() }),
      flow: (given) =>
        graph(
          given.who,
          [
            task("a", { requires: ["x", "y"], rebind: ["who"], inject: { y: 1 }, execute: run }),
            task("b", { provides: { keys: ["k"] }, revertArgs: "none", execute: run }),
          ],
          { links: [link("a", "b", { decider: () => true, depth: "ATOM" })], target: "b" },
        ),
    });

    expect(flow.prepare({ who: "me" }).spec).toEqual({
      kind: "flow",
      name: "me",
      pattern: "graph",
      children: [
        {
          kind: "task",
          name: "a",
          requires: ["x", "y"],
          rebind: { x: "who" },
          inject: { y: 1 },
          reverts: false,
        },
        { kind: "task", name: "b", provides: { keys: ["k"] }, revertArgs: "none", reverts: false },
      ],
      links: [{ from: "a", to: "b", decider: "me: a -> b (1)", depth: "ATOM" }],
      target: "b",
    });
  });

  it("says which argument nobody provides", () => {
    const flow = defineFlow({
      name: "plain",
      flow: linear("plain", [task("a", { requires: ["nobody"], execute: run })]),
    });

    expect(thrown(() => check(flow)).message).toMatch(/"a".*"nobody"/s);
  });

  it("refuses to rebind what is no argument", () => {
    const rebind = { hosts: "list" };

    expect(() => task("a", { requires: ["host"], rebind, execute: run })).toThrow(
      'rebind of task "a": no argument "hosts"; it has host.',
    );
    expect(() => task("a", { revertRequires: [], revertRebind: rebind, execute: run })).toThrow(
      'rebind of the revert of task "a": no argument "hosts"; it has none.',
    );
    expect(() => parameterizedForEach({ rebind })).toThrow("it has values");
    expect(() => defineRetry({ rebind, onFailure: () => "REVERT" })).toThrow("rebind of the retry");
  });

  it("refuses a depth without a decider, and too many symbols", () => {
    expect(() => link("a", "b", { depth: "ALL" })).toThrow("depth without a decider");
    expect(() => task("a", { requires: ["x"], rebind: ["p", "q"], execute: run })).toThrow(
      "rebind has 2 symbols for 1 arguments",
    );
  });
});

describe("posting", () => {
  const flow = defineFlow({
    name: "web",
    params: z.object({
      port: z.int().min(1).max(65535).default(8080),
      tags: z.array(z.string()).default([]),
    }),
    capabilities: (p) => [portIsFree(p.port)],
    build: (f) => void f.task("a", { execute: run }),
  });

  it("fills in defaults and asks for capabilities", () => {
    expect(flow.prepare({})).toMatchObject({
      params: { port: 8080, tags: [] },
      clauses: [{ name: "port_is_free", args: [8080] }],
    });
  });

  it.each([
    [{ port: "80" }, [{ pointer: "/port", detail: expect.stringContaining("expected number") }]],
    [{ port: 0 }, [{ pointer: "/port", detail: expect.stringContaining(">=1") }]],
    [{ tags: ["a", 1] }, [{ pointer: "/tags/1", detail: expect.stringContaining("string") }]],
    [{ "a/b~": 1 }, [{ pointer: "/a~1b~0", detail: "There is no such parameter." }]],
    [[], [{ pointer: "", detail: expect.stringContaining("expected object") }]],
    [null, [{ pointer: "", detail: expect.stringContaining("expected object") }]],
  ])("says where %j is wrong", (params, problems) => {
    const error = thrown(() => flow.prepare(params));

    expect(error).toMatchObject({ code: "BAD_PARAMETERS", cause: problems });
  });
});
