import { describe, expect, expectTypeOf, it } from "vitest";
import { defineFlow, defineRetry, linear, task, z } from "../../sdk/index.js";
import { testFlow } from "../../sdk/testing/index.js";
import { publish } from "./flows.js";

const HOUR_MS = 3_600_000;

describe("testFlow", () => {
  it("runs a flow to its end and tells what ran", async () => {
    const result = await testFlow(publish, { from: "site" });

    expect(result).toMatchObject({
      state: "SUCCESS",
      params: { from: "site", port: 8080 },
      outputs: { address: "http://localhost:8080/tmp/site", files: 3 },
      history: ["copy execute SUCCESS", "serve/listen execute SUCCESS", "announce execute SUCCESS"],
      logs: ["copy: copies site", "announce: http://localhost:8080/tmp/site"],
      progress: [{ atom: "serve/listen", fraction: 0.5, note: "half way" }],
      saved: { "serve/listen": [{ started: 1 }] },
      owners: 1,
      kills: [],
      tookMs: 1_000,
    });
    expect(result.journal.at(-1)?.changes.at(-1)).toEqual({ change: "flow", to: "SUCCESS" });
  });

  it("knows the types of parameters and outputs", async () => {
    const result = await testFlow(publish, { from: "site" });

    expectTypeOf(result.params).toEqualTypeOf<{ from: string; port: number }>();
    expectTypeOf(result.outputs).toEqualTypeOf<
      { readonly address: string; readonly files: number } | undefined
    >();
    // @ts-expect-error -- a parameter of the wrong type is refused while it is typed
    await expect(testFlow(publish, { from: 1 })).rejects.toThrow(/expected string/);
  });

  it("gives the results of a flow whose build returned nothing by symbol", async () => {
    const flow = defineFlow({
      name: "one",
      flow: linear("one", [task("a", { provides: "x", execute: () => 1 })]),
    });

    expect((await testFlow(flow)).outputs).toEqual({ x: 1 });
  });

  it("refuses what a posting would be refused for", async () => {
    const needy = linear("needy", [task("a", { requires: ["nobody"], execute: () => 1 })]);
    const flow = defineFlow({ name: "needy", flow: needy });

    await expect(testFlow(flow)).rejects.toMatchObject({ code: "BAD_FLOW" });
  });

  it("refuses a flow that is not built twice in the same way", async () => {
    let builds = 0;
    const flow = defineFlow({
      name: "fickle",
      build: (f) => f.task(`built ${(builds += 1)}`, { execute: () => 1 }),
    });

    await expect(testFlow(flow)).rejects.toMatchObject({ code: "FLOW_CHANGED" });
  });
});

describe("failures", () => {
  it("come as often as told, and back-offs pass by themselves", async () => {
    const result = await testFlow(publish, { from: "site" }, { fail: { "serve/listen": 2 } });

    expect(result.state).toBe("SUCCESS");
    expect(result.history).toEqual([
      "copy execute SUCCESS",
      "serve/listen execute FAILURE",
      "serve/listen revert REVERTED",
      "serve/listen execute FAILURE",
      "serve/listen revert REVERTED",
      "serve/listen execute SUCCESS",
      "announce execute SUCCESS",
    ]);
    expect(result.tookMs).toBe(21_000);
  });

  it("come each time for an error, until the flow is reverted", async () => {
    const error = Object.assign(new Error("address in use"), { code: "EADDRINUSE" });

    const result = await testFlow(publish, { from: "site" }, { fail: { "serve/listen": error } });

    expect(result.state).toBe("REVERTED");
    expect(result.outputs).toBeUndefined();
    expect(result.errors).toEqual({ "serve/listen": "address in use" });
    expect(result.failures["serve/listen"]).toMatchObject({ code: "EADDRINUSE" });
    expect(result.history.filter((line) => line === "serve/listen execute FAILURE")).toHaveLength(
      3,
    );
    expect(result.logs.at(-1)).toBe("copy: removes /tmp/site");
  });

  it("come when a function says so", async () => {
    const asked: number[] = [];
    const fail = {
      "serve/listen": (start: number) => {
        asked.push(start);
        return start === 1 ? "not the first time" : undefined;
      },
    };

    const result = await testFlow(publish, { from: "site" }, { fail });

    expect([result.state, asked]).toEqual(["SUCCESS", [1, 2]]);
    expect(result.errors).toEqual({ "serve/listen": "not the first time" });
  });

  it("may be those of a revert", async () => {
    const options = { fail: { announce: "no" }, failRevert: { copy: new Error("disk is gone") } };

    const result = await testFlow(publish, { from: "site" }, options);

    expect(result.state).toBe("FAILURE");
    expect(result.history.at(-1)).toBe("copy revert REVERT_FAILURE");
    expect(result.errors["copy"]).toBe("disk is gone");
  });

  it("may be those of an author's own retry", async () => {
    const flow = defineFlow({
      name: "own",
      retry: defineRetry({ onFailure: (history) => (history.length < 2 ? "RETRY" : "REVERT") }),
      build: (f) => void f.task("a", { execute: () => 1 }),
    });

    const result = await testFlow(flow, {}, { fail: { own_retry: "not today" } });

    expect(result).toMatchObject({ state: "REVERTED", errors: { own_retry: "not today" } });
  });
});

describe("bodies", () => {
  it("are replaced, with the input that the author named", async () => {
    const inputs: unknown[] = [];
    const bodies = {
      "serve/listen": (input: { readonly dir: string; readonly port: number }) => {
        inputs.push(input);
        return "elsewhere";
      },
    };

    const result = await testFlow(publish, { from: "site" }, { bodies });

    expect(result.outputs?.address).toBe("elsewhere");
    expect(inputs).toEqual([{ dir: "/tmp/site", port: 8080 }]);
  });

  it("of a revert are replaced beside, or without, those of execute", async () => {
    const bodies = {
      copy: { revert: (_: object, ctx: { log(line: string): void }) => ctx.log("!") },
    };

    const result = await testFlow(publish, { from: "site" }, { bodies, fail: { announce: "no" } });

    expect(result.logs).toEqual(["copy: copies site", "serve/listen: stops", "copy: !"]);
  });

  it("that run commands get answers of the test's, or a clear failure", async () => {
    const flow = defineFlow({
      name: "commands",
      build(f) {
        f.task("list", {
          execute: async (_, ctx) => {
            const lines: string[] = [];
            await ctx.run("ls", ["-a"], { onLine: (line) => lines.push(line) });
            return lines;
          },
        });
      },
    });

    const answered = await testFlow(
      flow,
      {},
      { commands: ({ command }) => `${command}\nof files` },
    );
    const refused = await testFlow(flow);

    expect(answered.results["list"]).toEqual(["ls", "of files"]);
    expect(refused.errors["list"]).toContain('"list" runs the command ls');
  });
});

describe("the clock", () => {
  it("waits for the time at which the job is due", async () => {
    const startAt = new Date("2026-03-01T00:00:00Z");
    const runAt = new Date(startAt.getTime() + HOUR_MS);

    const result = await testFlow(publish, { from: "site" }, { startAt, runAt });

    expect(result.tookMs).toBe(HOUR_MS + 1_000);
    expect(result.journal[0]?.at).toBe(runAt.getTime());
  });

  it("brings a body that does not end to its time limit", async () => {
    const bodies = {
      "serve/listen": (_: object, ctx: { readonly signal: AbortSignal }) =>
        new Promise((_resolve, reject) => {
          ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error));
        }),
    };

    const result = await testFlow(publish, { from: "site" }, { bodies, quietMs: 5 });

    expect(result.state).toBe("REVERTED");
    expect(result.errors["serve/listen"]).toContain("took longer than 30000 ms");
    expect(result.tookMs).toBe(3 * 30_000 + 2 * 10_000);
  });

  it("does not go on while a body does real work", async () => {
    const bodies = {
      "serve/listen": async () => {
        for (let turn = 0; turn < 50; turn += 1) await new Promise((r) => setImmediate(r));
        return "late";
      },
    };

    const result = await testFlow(publish, { from: "site" }, { bodies });

    expect(result).toMatchObject({ state: "SUCCESS", tookMs: 0 });
  });

  it("names the body that waits for what does not come", async () => {
    const bodies = { announce: () => new Promise(() => undefined) };

    const run = testFlow(publish, { from: "site" }, { bodies, quietMs: 5, limitMs: 20 });

    await expect(run).rejects.toThrow('"announce" waits for something that does not come');
  });
});

describe("a cancel", () => {
  it("aborts the atom and reverts what ran", async () => {
    const result = await testFlow(publish, { from: "site" }, { cancelAt: "serve/listen" });

    expect(result.state).toBe("CANCELLED");
    expect(result.states).toMatchObject({ copy: "REVERTED", "serve/listen": "REVERTED" });
    expect(result.history).not.toContain("announce execute SUCCESS");
  });

  it("leaves what ran when it is told to", async () => {
    const cancelAt = { atom: "serve/listen", revert: false };

    const result = await testFlow(publish, { from: "site" }, { cancelAt });

    expect(result).toMatchObject({ state: "CANCELLED", states: { copy: "SUCCESS" } });
  });
});

describe("names of atoms", () => {
  it.each([
    [
      { fail: { anounce: 1 } },
      'fail: flow "publish" has no atom "anounce"; did you mean "announce"?',
    ],
    [{ failRevert: { listen: 1 } }, 'failRevert: flow "publish" has no atom "listen"; it has copy'],
    [{ bodies: { cpoy: () => 1 } }, 'did you mean "copy"?'],
    [{ killOwnerAfter: "cop" }, 'killOwnerAfter: flow "publish" has no atom "cop"'],
    [{ killOwnerIn: ["serve/listn"] }, 'did you mean "serve/listen"?'],
    [{ cancelAt: "annonce" }, 'cancelAt: flow "publish" has no atom'],
    [{ fail: { serve_retry: 1 } }, '"serve_retry" is a built-in retry of "publish"'],
  ])("that are wrong are told: %j", async (options, message) => {
    await expect(testFlow(publish, { from: "site" }, options)).rejects.toThrow(message);
  });

  it.each([
    [{ fail: { copy: 1 }, killOwnerAfter: "announce" }, '"announce" came to no outcome'],
    [{ fail: { copy: 1 }, killOwnerIn: "announce" }, 'killOwnerIn: "announce" did not start'],
    [{ fail: { copy: 1 }, cancelAt: "announce" }, 'cancelAt: "announce" did not start'],
    [{ killOwnerAt: { entry: 99, when: "before" as const } }, "there was no entry 99"],
  ])("whose event does not come fail the test: %j", async (options, message) => {
    await expect(testFlow(publish, { from: "site" }, options)).rejects.toThrow(message);
  });
});

it("needs nothing of a test framework", async () => {
  const flow = defineFlow({
    name: "plain",
    params: z.object({ n: z.int() }),
    build: (f, p) => f.task("twice", { in: { n: p.n }, execute: ({ n }) => 2 * n }),
  });

  const { outputs } = await testFlow(flow, { n: 2 });

  expectTypeOf(outputs).toEqualTypeOf<number | undefined>();
  expect(outputs).toBe(4);
});
