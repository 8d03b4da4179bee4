import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JobDetailView, JobView } from "../../common/wire.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

const FLOWS = join(import.meta.dirname, "fixtures", "flows");

describe("ctx.progress", { timeout: 60_000 }, () => {
  it("is shown by the agent that runs the body, until the body is over", async () => {
    const agent = await agentInTest({ dir: tempDir(), name: "alpha", args: ["--flows", FLOWS] });
    const answer = await fetch(`${agent.url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ flow: "halfway", params: {} }),
    });
    const { id } = (await answer.json()) as JobView;
    const show = async () =>
      (await (await fetch(`${agent.url}/v1/jobs/${id}`)).json()) as JobDetailView;

    const last = async () => {
      const said = (await show()).tree.children?.[0]?.progress;
      return said?.note === "half" && said;
    };
    expect(await until(last, { withinMs: 20_000 })).toMatchObject({ fraction: 0.5 });

    const over = await until(
      async () => {
        const job = await show();
        return job.state === "SUCCESS" && job;
      },
      { withinMs: 20_000 },
    );
    expect(over.tree.children?.[0]).not.toHaveProperty("progress");
    await agent.stop();
  });
});
