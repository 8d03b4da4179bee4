import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it, onTestFinished } from "vitest";
import type { AgentsView, AgentView, JobDetailView, WhyView } from "../../common/wire.js";
import type { AgentProcess } from "../../scripts/lab/agents.js";
import { readEffects } from "../../scripts/lab/fleet/effects.js";
import { runCommand } from "../../scripts/lab/command.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { startLogind } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";

/* Two agents in a real Consul, one of them on a machine with a real bus, where logind is played. */

it("a laptop that sleeps hands over, is shown as asleep, and takes jobs on waking", async () => {
  const dir = tempDir();
  const logind = await startLogind(dir);
  onTestFinished(() => logind[Symbol.asyncDispose]());
  const config = writeConfig(dir);
  const laptop = await agentInTest({
    ...{ dir, name: "sleep-laptop", env: logind.env },
    args: ["--config", config, "--tag", "kind=laptop", "--fact", "battery=80"],
  });
  const [file, release] = [join(dir, "effects"), join(dir, "release")];
  const job = await post(laptop, { file, "hold-at": 3, release });
  await until(() => readEffects(file).some(({ atom }) => atom.endsWith("step-3")), {
    withinMs: 20_000,
    what: "the job to be in its third step",
  });
  const nas = await agentInTest({ dir, name: "sleep-nas", args: ["--config", config] });
  await until(async () => (await agents(nas)).some(({ name }) => name === laptop.name), {
    withinMs: 20_000,
    what: "the two to know each other",
  });
  await until(() => logind.locks() === 1, { withinMs: 5_000, what: "the lock" });

  logind.say("sleep");
  writeFileSync(release, "");
  await until(() => logind.locks() === 0, { withinMs: 6_000, what: "the machine to be let sleep" });
  laptop.signal("SIGSTOP"); // Now it sleeps.
  const ended = await get<JobDetailView>(nas, `/v1/jobs/${job}?wait=20s`);
  const shown = (await agents(nas)).find(({ name }) => name === laptop.name);
  const fits = await why(nas, ["has_tag(kind=laptop)", "battery_above(50)"]);
  const fitsNot = await why(nas, ["has_tag(kind=laptop)", "battery_above(90)"]);
  const list = await runCommand(["agents", "--via", nas.url], {});
  laptop.signal("SIGCONT");
  logind.say("wake");
  const back = await until(
    async () =>
      (await agents(nas)).find(({ name, state }) => name === laptop.name && state === "ready"),
    { withinMs: 20_000, what: "the laptop to be back" },
  );

  expect(ended.state).toBe("SUCCESS");
  expect(ended.owners.map(({ agent, ended: how }) => [agent, how])).toMatchObject([
    [laptop.name, "handover"],
    [nas.name, expect.any(String)],
  ]);
  expect(shown).toMatchObject({ state: "asleep", asleepSince: expect.any(String) });
  expect(shown?.facts["macs"]).toMatch(/^([0-9a-f]{2}:){5}/);
  expect(list.stdout).toMatch(/sleep-laptop\tasleep\t.*asleep for \d+s/);
  expect(fits[0]).toMatchObject({ what: "awake", verdict: "no", help: expect.any(String) });
  expect(fitsNot[0]?.help).toBeUndefined();
  expect(fitsNot.filter(({ verdict }) => verdict === "no").map(({ what }) => what)).toEqual([
    "awake",
    "battery_above(90)",
  ]);
  expect(back.asleepSince).toBeUndefined();
  await until(() => logind.locks() === 1, { withinMs: 5_000, what: "the lock for the next time" });
}, 120_000);

it("a machine whose owner lets it work only on mains takes nothing on its battery", async () => {
  const dir = tempDir();
  const config = join(dir, "own.yaml");
  writeFileSync(
    config,
    `board: sqlite:${dir}/jobs.db\nonlyWhen: [on_mains, "battery_above(30)"]\n`,
  );
  const phone = await agentInTest({
    ...{ dir, name: "sleep-phone" },
    args: ["--config", config, "--fact", "battery=80", "--fact", "on_mains=false"],
  });
  const posted = await fetch(`${phone.url}/v1/jobs`, {
    ...{ method: "POST", headers: { "content-type": "application/json" } },
    body: JSON.stringify({ flow: "hello" }),
  });
  const { id } = (await posted.json()) as { id: string };

  const said = await runCommand(["why", id, "--via", phone.url], {});
  const [shown] = await agents(phone);

  expect(said.code).toBe(13);
  expect(said.stdout).toContain("only when on_mains\tno\tit runs on its battery\tmains");
  expect(said.stdout).toContain("only when battery_above(30)\tyes");
  expect(shown).toMatchObject({ state: "paused" });
  expect(shown?.note).toBe("only when on_mains: it runs on its battery; needed: mains");
}, 60_000);

function writeConfig(dir: string): string {
  const config = join(dir, "config.yaml");
  writeFileSync(
    config,
    [
      `board: sqlite:${dir}/jobs.db`,
      `consul: { address: ${inject("consulUrl")} }`,
      `flows: [${join(import.meta.dirname, "..", "e2e", "fixtures", "flows")}]`,
      "claim: { lease: 10s }",
    ].join("\n"),
  );
  return config;
}

async function post({ url }: AgentProcess, params: object, require: readonly string[] = []) {
  const answer = await fetch(`${url}/v1/jobs`, {
    ...{ method: "POST", headers: { "content-type": "application/json" } },
    body: JSON.stringify({ flow: "ten_steps", params, require }),
  });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { id: string }).id;
}

async function get<T>({ url }: AgentProcess, path: string): Promise<T> {
  return (await (await fetch(url + path)).json()) as T;
}

async function agents(agent: AgentProcess): Promise<readonly AgentView[]> {
  return (await get<AgentsView>(agent, "/v1/agents")).items;
}

/** What `why` says of the laptop for a job that asks for this. */
async function why(agent: AgentProcess, require: readonly string[]) {
  const id = await post(agent, { file: "/dev/null" }, require);
  const { agents: all } = await get<WhyView>(agent, `/v1/jobs/${id}/why`);
  return all.find((each) => each.agent === "sleep-laptop")?.requirements ?? [];
}
