import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Agent } from "../../agent/agent.js";
import { composeAgent } from "../../cli/agent/compose.js";
import type { CheckView, JobDetailView, JobView } from "../../common/wire.js";
import { openPersistence } from "../../persistence/open.js";
import { until } from "../../scripts/lab/until.js";
import { configIn } from "../support/config.js";
import { ask, START_MS } from "./api.js";
import { follow, seen } from "./following.js";

const PASSWORD = 'correct "horse" battery';
const SOON = { withinMs: 20_000 };
const dir = mkdtempSync(join(tmpdir(), "jobrunner-secrets-"));
const config = configIn(dir, {
  ...{ name: "alpha", runner: "thread", flows: [join(import.meta.dirname, "flows")] },
});
const lines: string[] = [];
let agent: Agent;

beforeAll(async () => {
  agent = await composeAgent(config, pino({}, { write: (line: string) => void lines.push(line) }));
}, START_MS);
afterAll(async () => {
  await agent.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function post(params: object): Promise<string> {
  const body = { flow: "guarded", params: { password: PASSWORD, ...params } };
  const answer = await ask(`${agent.address}/v1/jobs`, { method: "POST", body });
  expect(answer.status, answer.text).toBe(201);
  return (answer.json as JobView).id;
}

/** Everything that is told of a job once it is over. */
async function told(id: string): Promise<{ readonly detail: JobDetailView; readonly all: string }> {
  const { address } = agent;
  const detail = await until(async () => {
    const { json } = await ask(`${address}/v1/jobs/${id}`);
    return (json as JobDetailView).endedAt !== undefined && (json as JobDetailView);
  }, SOON);
  const paths = ["events", "logs", "why"].map((path) => `/v1/jobs/${id}/${path}`);
  const texts = await Promise.all(
    [...paths, `/v1/jobs`, "/v1/events?scope=self"].map(
      async (path) => (await ask(`${address}${path}`)).text,
    ),
  );
  return { detail, all: [JSON.stringify(detail), ...texts, ...lines].join("\n") };
}

it("a secret parameter is shown to nobody, wherever a task writes it", async () => {
  await using followed = await follow({ url: agent.address }, "/v1/events");
  await seen(followed, "cursor");
  const good = await told(await post({}));
  const bad = await told(await post({ fails: true }));
  await seen(followed, "job.finished");

  expect(good.detail).toMatchObject({
    ...{ state: "SUCCESS", params: { user: "ann", password: "***", fails: false } },
    tree: { children: [{ result: { token: "token of ***" } }] },
  });
  expect(bad.detail).toMatchObject({
    state: "REVERTED",
    failures: [{ failure: { message: "*** is wrong", data: { password: "***" } } }],
  });
  const live = JSON.stringify(followed.views());
  for (const text of [good.all, bad.all, live]) expect(text).not.toMatch(/horse/);
  expect(good.all).toContain("login as ann with ***");
  expect(good.all).toContain("the command has ***");
  expect(good.all).toContain("{ password: '***' }");
  expect(live).toContain("with ***");
});

it("a secret parameter is kept for whoever goes on with the job", async () => {
  const id = await post({});
  await told(id);

  await using persistence = await openPersistence(config.persistence);

  expect((await persistence.job(id))?.params).toMatchObject({ password: PASSWORD });
});

it("a retry has the secret parameter of the job that it retries", async () => {
  const { address } = agent;
  const id = await post({ fails: true });
  await told(id);
  const body = { params: { fails: false } };
  const answer = await ask(`${address}/v1/jobs/${id}/retry`, { method: "POST", body });

  const { detail, all } = await told((answer.json as JobView).id);

  expect(detail.state).toBe("SUCCESS");
  expect(all).not.toMatch(/horse/);
});

it("a dry run and a schedule do not show it either; the schedule's jobs have it", async () => {
  const { address } = agent;
  const job = { flow: "guarded", params: { password: PASSWORD } };
  const check = await ask(`${address}/v1/jobs:check`, { method: "POST", body: job });
  const schedule = { name: "nightly", cron: "0 3 * * *", job };
  const added = await ask(`${address}/v1/schedules`, { method: "POST", body: schedule });
  const again = await ask(`${address}/v1/schedules`, { method: "POST", body: schedule });
  const shown = await ask(`${address}/v1/schedules/nightly`);

  expect((check.json as CheckView).params).toMatchObject({ password: "***" });
  expect((check.json as CheckView).secrets).toEqual(["password"]);
  expect([added.status, again.status]).toEqual([201, 200]);
  for (const { json } of [added, again, shown]) {
    expect(json).toMatchObject({ job: { flow: "guarded", params: { password: "***" } } });
  }
  await using persistence = await openPersistence(config.persistence);
  const row = await persistence.schedules.get("nightly");
  expect(row?.job.params).toEqual({ password: PASSWORD });
});

it("the schema of a flow says which parameters are secret", async () => {
  const { text } = await ask(`${agent.address}/v1/flows/guarded`);

  expect(text).toContain('"secret":true');
});
