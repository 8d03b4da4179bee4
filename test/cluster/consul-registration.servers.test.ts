import { describe, expect, inject, it } from "vitest";
import { until } from "../../scripts/lab/until.js";
import { join, type Joined } from "./joined.js";

/* What of an agent a real Consul takes, and what is left there when it leaves. */

describe("an agent that registers itself in Consul", () => {
  it("shortens what is too long for Consul, which counts bytes, between two characters", async () => {
    const alpha = await join();
    const facts = {
      programs: "x".repeat(600),
      cpu_model: "ü".repeat(600),
      gpus: "a😀".repeat(200),
    };
    alpha.membership.announce(() => ({ ...alpha.self, facts }), alpha.told);

    const found = await alpha.seen((member) => member.heardAt !== undefined);

    expect(found.facts).toEqual({
      programs: `${"x".repeat(509)}…`,
      cpu_model: `${"ü".repeat(254)}…`,
      gpus: `${"a😀".repeat(101)}a…`,
    });
    expect(alpha.membership.trouble()).toBeUndefined();
  });

  it("beats on when Consul refuses what has changed of it, and says what is wrong", async () => {
    const alpha = await join({ beatMs: 100, publishMs: 100 });
    let { self } = alpha;
    alpha.membership.announce(() => self, alpha.told);
    await alpha.seen((member) => member.heardAt !== undefined);

    self = { ...self, url: "http://0.0.0.0:7463" };
    await until(() => alpha.membership.trouble() !== undefined, { withinMs: 5_000 });
    self = { ...self, note: "beats on" };
    const output = await until(() => outputOf(alpha), { withinMs: 5_000, what: "its next beat" });

    expect(output).toContain("beats on");
    expect(alpha.membership.trouble()).toContain("Invalid service address");
  });
});

async function outputOf({ self }: Joined): Promise<string | undefined> {
  const answer = await fetch(`${inject("consulUrl")}/v1/agent/checks`);
  const checks = (await answer.json()) as Record<string, { Output: string }>;
  const output = checks[`jobrunner-${self.name}`]?.Output;
  return output?.includes("beats on") === true ? output : undefined;
}
