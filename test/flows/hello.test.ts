import { describe, expect, it } from "vitest";
import { loadPlugins } from "../../agent/runner/host/loader.js";
import type { Json } from "../../common/json.js";
import { runFlow } from "../sdk/run-flow.js";

async function hello(params: Json) {
  const settings = { flows: [], skip: [], builtin: ["is_arm64"], cache: undefined, agent: "alpha" };
  const { flows } = await loadPlugins(settings, () => undefined);
  const flow = flows.get("hello");
  if (flow === undefined) throw new Error("hello is built in");
  return runFlow(flow, params);
}

describe("hello", () => {
  it("greets in three steps", async () => {
    const { end, results, lines } = await hello({ name: "you" });

    expect(end).toEqual({ ended: "SUCCESS" });
    expect(results["greet"]).toEqual({ text: "Hello, you!", language: "en" });
    expect(lines.at(-1)).toBe("sign: Hello, you! Written on attempt 1. Yours, alpha");
  });

  it("tries the letter twice, then takes everything back", async () => {
    const { end, lines } = await hello({ failAt: "write" });

    expect(end).toEqual({ ended: "REVERTED" });
    expect(lines).toEqual([
      "post/write: tears the letter up",
      "post/write: tears the letter up",
      'greet: takes back "Hello, world!"',
    ]);
  });

  it("undoes what was done when the last step fails", async () => {
    const { end, states } = await hello({ failAt: "sign" });

    expect(end).toEqual({ ended: "REVERTED" });
    expect(Object.values(states)).not.toContain("SUCCESS");
  });

  it("says that nothing was said when the first step fails", async () => {
    const { lines } = await hello({ failAt: "greet" });

    expect(lines).toEqual(["greet: nothing was said"]);
  });
});
