import { expect, it } from "vitest";
import type { AgentsView, AgentView } from "../../common/wire.js";
import { runCommand } from "../../scripts/lab/command.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

it("programs are told facts with their types, and the free ports of the range", async () => {
  const agent = await agentInTest({
    ...{ dir: tempDir(), name: "alpha" },
    args: ["--fact", "memory_free=6GiB", "--fact", 'gpus={"unknown":"broken"}'],
    env: { JOBRUNNER_AGENT__FREE_PORTS: "40000-40009" },
  });
  const port = Number(new URL(agent.url).port);
  const ask = async <T>(path: string): Promise<T> =>
    (await (await fetch(agent.url + path)).json()) as T;

  const { snapshot = {}, facts } = await ask<AgentView>("/v1/agents/alpha");
  const brief = await ask<AgentView>("/v1/agents/self?brief=true");
  const { items } = await ask<AgentsView>("/v1/agents");
  const shown = await runCommand(["agents", "alpha", "-o", "json"], { JOBRUNNER_ADDR: agent.url });

  expect(snapshot).toMatchObject({
    memory_free: { value: 6 * 1024 ** 3, unit: "bytes", at: expect.any(String) },
    gpus: { unknown: "broken" },
    node_version: { value: process.versions.node },
    listening_ports: { value: expect.arrayContaining([port]) },
  });
  const free = snapshot["free_ports"];
  if (free === undefined || !("value" in free)) throw new Error("the free ports are not known");
  const range = Array.from({ length: 10 }, (_, n) => 40_000 + n);
  expect(range).toEqual(expect.arrayContaining(free.value as number[]));
  expect(facts["memory_free"]).toBe("6 GiB");
  expect([brief, ...items].map((agent) => agent.snapshot)).toEqual([undefined, undefined]);
  expect((JSON.parse(shown.stdout) as AgentView).snapshot?.["gpus"]).toEqual({ unknown: "broken" });
});
