import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JobDetailView, JobView } from "../../common/wire.js";
import type { CapabilitiesView, StatusView } from "../../common/wire/system.js";
import { TURNS_MAX } from "../../capabilities/evaluate.js";
import { ask, START_MS } from "./api.js";
import { type RealAgent, startRealAgent } from "./real-agent.js";

let agent: RealAgent;
beforeAll(async () => {
  agent = await startRealAgent();
}, START_MS);
afterAll(() => agent[Symbol.asyncDispose]());

async function run(flow: string): Promise<string> {
  const answer = await ask(`${agent.url}/v1/jobs`, { method: "POST", body: { flow } });
  const { id } = answer.json as JobView;
  const ended = await ask(`${agent.url}/v1/jobs/${id}?wait=30s`);
  expect((ended.json as JobDetailView).state).toBe("SUCCESS");
  return id;
}

/** `name{labels} value` lines as a map. */
function samplesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
  );
}

describe("traceparent", () => {
  const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  async function traced(traceparent: string): Promise<JobDetailView> {
    const headers = { traceparent };
    const posting = { method: "POST", body: { flow: "traced" }, headers };
    const { id } = (await ask(`${agent.url}/v1/jobs`, posting)).json as JobView;
    return (await ask(`${agent.url}/v1/jobs/${id}?wait=30s`)).json as JobDetailView;
  }

  it("of a posting reaches its tasks, and is shown with the job", async () => {
    const job = await traced(TRACE);

    expect(job.traceparent).toBe(TRACE);
    expect(job.tree.children?.[0]?.result).toBe(TRACE);
  });

  it("is ignored when it is none", async () => {
    for (const wrong of [
      "soon",
      TRACE.toUpperCase(),
      `00-${"0".repeat(32)}-${"1".repeat(16)}-01`,
    ]) {
      const job = await traced(wrong);
      expect(job.traceparent).toBeUndefined();
      expect(job.tree.children?.[0]?.result).toBe("none");
    }
  });
});

describe("GET /metrics", () => {
  it("counts what became of jobs, by flow", async () => {
    const id = await run("hello");
    const before = samplesOf((await ask(`${agent.url}/metrics`)).text);
    const retried = await ask(`${agent.url}/v1/jobs/${id}/retry`, { method: "POST", body: {} });
    await ask(`${agent.url}/v1/jobs/${(retried.json as JobDetailView).id}?wait=20s`);
    const answer = await ask(`${agent.url}/metrics`);
    const samples = samplesOf(answer.text);

    expect(answer.headers["content-type"]).toContain("text/plain; version=0.0.4");
    const posted = samples.get('jobrunner_jobs_posted_total{flow="hello"}');
    expect(posted).toBe((before.get('jobrunner_jobs_posted_total{flow="hello"}') ?? 0) + 1);
    expect(samples.get('jobrunner_jobs_finished_total{flow="hello",outcome="SUCCESS"}')).toBe(
      posted,
    );
    expect(samples.get('jobrunner_claims_total{result="won"}')).toBeGreaterThanOrEqual(1);
    expect(samples.get('jobrunner_job_wait_seconds_count{flow="hello"}')).toBe(posted);
    expect(
      samples.get('jobrunner_board_operations_seconds_count{board="embedded",op="claim"}'),
    ).toBeGreaterThanOrEqual(1);
    expect(
      samples.get('jobrunner_persistence_write_seconds_count{op="append"}'),
    ).toBeGreaterThanOrEqual(1);
    expect(samples.get('jobrunner_slots{state="free"}')).toBe(2);
    expect(samples.get('jobrunner_jobs{state="WAITING"}')).toBe(0);
    expect([...samples.keys()].some((key) => key.startsWith("jobrunner_atom_duration"))).toBe(true);
    expect(answer.text).not.toContain(id);
  });

  it("are those that the page about them lists", async () => {
    const { text } = await ask(`${agent.url}/metrics`);
    const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "metrics.md"), "utf8");

    const told = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name);
    const listed = [...page.matchAll(/^\| `(jobrunner_[a-z_]+)/gm)].map(([, name = ""]) => name);
    expect(listed.sort()).toEqual(told.sort());
  });

  it("keeps to the rules of Prometheus", async () => {
    await run("hello");
    const { text } = await ask(`${agent.url}/metrics`);
    const types = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => [name, type]),
    );
    const helps = new Map(
      [...text.matchAll(/^# HELP (\S+) (.+)$/gm)].map(([, name = "", help = ""]) => [name, help]),
    );

    expect([...types.keys()]).toEqual([...helps.keys()]);
    for (const [name, type] of types) {
      expect(name).toMatch(/^jobrunner_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith("_total"), name).toBe(type === "counter");
      expect(name, "base units only").not.toMatch(/_(ms|milliseconds|minutes|kb|mb|percent)(_|$)/);
      expect(name.includes(type), `${name} names its type`).toBe(false);
      expect(helps.get(name), name).toMatch(/\.$/);
      if (type === "histogram") expect(name).toMatch(/_seconds$/);
    }
    for (const sample of samplesOf(text).keys()) {
      const name = sample.replace(/\{.*/, "");
      const family = name.replace(/_(bucket|sum|count)$/, "");
      expect(types.has(name) || types.has(family), sample).toBe(true);
      expect(sample, "no job's id").not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-7/);
    }
  });
});

describe("GET /v1/status", () => {
  it("tells what the agent is, and how many jobs are open", async () => {
    const status = (await ask(`${agent.url}/v1/status`)).json as StatusView;

    expect(status).toMatchObject({
      ...{ agent: "alpha", state: "ready", board: "embedded", persistence: "embedded" },
      node: process.versions.node,
      slots: { total: 2, busy: 0 },
      jobs: { WAITING: 0, RUNNING: 0, REVERTING: 0, SUSPENDED: 0 },
    });
    expect(Date.parse(status.startedAt)).toBeLessThanOrEqual(Date.now());
  });
});

describe("GET /v1/capabilities", () => {
  it("lists what jobs may ask of the machine, with arguments", async () => {
    const { items } = (await ask(`${agent.url}/v1/capabilities`)).json as CapabilitiesView;

    const port = items.find(({ name }) => name === "port_is_free");
    expect(port).toMatchObject({ usage: "port", exclusive: true });
    const names = items.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
  });
});

describe("GET /v1/capabilities:test", () => {
  const test = (query: string) => ask(`${agent.url}/v1/capabilities:test?${query}`);

  it("tells whether it is so, with what is there and what is needed", async () => {
    const yes = (await test("clause=on_agent(alpha)")).json;
    const no = (await test("clause=not_on_agent(alpha)&agent=alpha")).json;

    expect(yes).toMatchObject({ clause: "on_agent(alpha)", possible: true });
    expect(no).toMatchObject({
      possible: false,
      agents: [
        {
          ...{ agent: "alpha", able: false },
          requirements: [{ verdict: "no", observed: "this is alpha" }],
        },
      ],
    });
  });

  it("refuses what it does not know, unless another agent asks that does", async () => {
    const typo = await test("clause=has_gp");
    const passedOn = await test("clause=has_gp&here=true");

    expect(typo.status).toBe(400);
    expect(typo.json).toMatchObject({ code: "BAD_PARAMETERS", hint: "Did you mean has_gpu?" });
    expect(passedOn.json).toMatchObject({
      agents: [{ requirements: [{ what: "has_gp", verdict: "unknown" }] }],
    });
    expect((await test("clause=has_gpu&agent=nobody")).status).toBe(404);
    expect((await test("")).status).toBe(400);
  });
});

describe("a capability whose checks come one at a time", () => {
  it("is tested by no more than may wait for it", async () => {
    const tests = Array.from({ length: TURNS_MAX + 1 }, (_, n) =>
      ask(`${agent.url}/v1/capabilities:test?clause=dawdles(${n})`),
    );

    const answers = await Promise.all(tests);

    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.map(({ status }) => status)).toEqual([429]);
    expect(refused[0]?.json).toMatchObject({
      ...{ code: "BUSY", detail: "too many wait already for what dawdles says" },
    });
  });
});

describe("health", () => {
  it("tells how late the event loop is", async () => {
    const answer = await ask(`${agent.url}/livez`);

    expect(answer.json).toMatchObject({ ok: true, checks: [{ name: "event loop", ok: true }] });
  });

  it("is a line of text for each check when asked for", async () => {
    const { text, headers } = await ask(`${agent.url}/readyz?verbose`);

    expect(headers["content-type"]).toContain("text/plain");
    expect(text).toMatch(/^ok {4}board +answers$/m);
    expect(text.trim().split("\n").length).toBeGreaterThanOrEqual(5);
    expect((await ask(`${agent.url}/readyz?verbose=no`)).status).toBe(400);
  });
});
