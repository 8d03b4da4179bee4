import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

const FLOWS = join(import.meta.dirname, "fixtures", "flows");

describe("P-22: an agent that is told to stop", { timeout: 60_000 }, () => {
  it("hands over only when a command that ignores it is gone", async () => {
    const dir = tempDir();
    const file = join(dir, "lines");
    const [alpha, beta] = await Promise.all(
      ["alpha", "beta"].map((name) => agentInTest({ dir, name, args: ["--flows", FLOWS] })),
    );
    if (alpha === undefined || beta === undefined) throw new Error("two agents were started");
    await fetch(`${alpha.url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ flow: "stubborn", params: { file } }),
    });
    const lines = () => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []);
    const [first] = await until(() => lines().length > 0 && lines(), { withinMs: 20_000 });
    const [owner, other] = first === "alpha" ? [alpha, beta] : [beta, alpha];

    const stopped = owner.stop();
    const seen = await until(
      () => {
        const now = lines();
        return now.filter((line) => line === other.name).length >= 20 && now;
      },
      { withinMs: 30_000, what: "the other one's lines" },
    );
    await stopped;

    const took = seen.indexOf(other.name);
    expect(seen.slice(took).every((line) => line === other.name)).toBe(true);
    await other.stop();
  });
});
