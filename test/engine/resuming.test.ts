import { describe, expect, it } from "vitest";
import type { Json } from "../../common/json.js";
import type { Entry } from "../../engine/journal.js";
import { fail, Gate, Stage } from "./support/stage.js";
import { linear, retry, task, unordered } from "./support/words.js";

const patient = (): AbortSignal => new AbortController().signal;

/** What a database hands back. */
function reload(entries: readonly Entry[]): readonly Entry[] {
  return JSON.parse(JSON.stringify(entries)) as readonly Entry[];
}

describe("what a new owner finds", () => {
  it("includes the values of a retry's past attempts: each is tried once", async () => {
    const tried: Json[] = [];
    const gate = new Gate();
    const values = [{ host: "a", port: [1, 2] }, "b", null, "c"];
    const again = retry({ type: "forEach", values }, { provides: "value" });
    const spec = linear("f", [task("try", { requires: ["value"] })], { retry: again });
    const stage = new Stage(spec, {
      execute: {
        try: ({ args, again: resumed, ...call }, hooks) => {
          tried.push(args["value"] ?? null);
          if (args["value"] === "b" && !resumed) {
            return gate.body({ args, again: resumed, ...call }, hooks);
          }
          return args["value"] === "c" ? "found" : fail();
        },
      },
    });
    const first = stage.engine();
    const died = expect(first.run()).rejects.toThrow("died");
    await gate.entered;
    first.abort(new Error("died"));
    await died;

    expect(await stage.run({ entries: reload(stage.entries) })).toEqual({ ended: "SUCCESS" });
    expect(tried).toEqual([values[0], "b", "b", null, "c"]);
  });

  it("is what had no room yet when it was suspended, and nothing else", async () => {
    const gate = new Gate();
    const spec = unordered("f", ["a", "b", "c"], { concurrency: 1 });
    const stage = new Stage(spec, { execute: { a: gate.body } });
    const engine = stage.engine();
    const run = engine.run();
    await gate.entered;
    engine.leave("suspended", patient());
    gate.open();

    expect(await run).toEqual({ left: "suspended" });
    expect([stage.states("b"), stage.states("c")]).toEqual([[], []]);
    expect(await stage.run()).toEqual({ ended: "SUCCESS" });
    expect(stage.calls).toEqual(["a.x", "b.x", "c.x"]);
  });

  it("is no name that is reserved: every task runs, whatever it is called", async () => {
    const stage = new Stage(linear("f", ["_TaskFlow_INJECTOR", "constructor", "__proto__"]));

    expect(await stage.run({ store: { x: 1 } })).toEqual({ ended: "SUCCESS" });
    expect(stage.calls).toEqual(["_TaskFlow_INJECTOR.x", "constructor.x", "__proto__.x"]);
  });
});
