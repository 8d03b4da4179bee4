import { describe, expect, it } from "vitest";
import hello from "../../flows/hello.js";
import { everyCrashPoint, testFlow } from "../../sdk/testing/index.js";

describe("hello", () => {
  it("greets in three steps", async () => {
    const { state, results, logs } = await testFlow(hello, { name: "you", pause: 60 });

    expect(state).toBe("SUCCESS");
    expect(results["greet"]).toEqual({ text: "Hello, you!", language: "en" });
    expect(logs.at(-1)).toBe("sign: Hello, you! Written on attempt 1. Yours, agent-1");
  });

  it("tries the letter twice, then takes everything back", async () => {
    const { state, logs } = await testFlow(hello, { failAt: "write" });

    expect(state).toBe("REVERTED");
    expect(logs).toEqual([
      "post/write: tears the letter up",
      "post/write: tears the letter up",
      'greet: takes back "Hello, world!"',
    ]);
  });

  it("undoes what was done when the last step fails", async () => {
    const { state, states } = await testFlow(hello, { failAt: "sign" });

    expect(state).toBe("REVERTED");
    expect(Object.values(states)).not.toContain("SUCCESS");
  });

  it("says that nothing was said when the first step fails", async () => {
    const { logs } = await testFlow(hello, { failAt: "greet" });

    expect(logs).toEqual(["greet: nothing was said"]);
  });

  it("ends the same wherever its owner dies", async () => {
    const points = await everyCrashPoint(hello, { failAt: "sign" }, {}, (result) => {
      expect(result.state).toBe("REVERTED");
      expect(result.states).toMatchObject({ greet: "REVERTED", "post/write": "REVERTED" });
    });

    expect(points).toBeGreaterThan(8);
  });
});
