import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JobView, WhyView } from "../../common/wire.js";
import type { AgentJobsView } from "../../common/wire/agent-why.js";
import { runCommand } from "../../scripts/lab/command.js";
import { freePort } from "../../scripts/lab/ports.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

const FLOWS = join(import.meta.dirname, "fixtures", "flows");
const PATIENCE = { withinMs: 20_000 };

async function withAgent(...args: readonly string[]) {
  const dir = tempDir();
  const agent = await agentInTest({ dir, name: "alpha", args: ["--flows", FLOWS, ...args] });
  const jobrunner = (...words: readonly string[]) =>
    runCommand(words, { JOBRUNNER_ADDR: agent.url, NO_COLOR: "1" });
  const post = async (...words: readonly string[]): Promise<string> =>
    (await jobrunner("post", ...words, "-o", "name")).stdout.trim();
  const why = async (id: string): Promise<WhyView> =>
    JSON.parse((await jobrunner("why", id, "-o", "json")).stdout) as WhyView;
  return { dir, url: agent.url, jobrunner, post, why };
}

const require = (...clauses: readonly string[]) => clauses.flatMap((each) => ["--require", each]);

describe("jobrunner capability test", () => {
  it("tells whether something is so that capabilities lists", async () => {
    const { jobrunner } = await withAgent();

    const list = await jobrunner("capabilities");
    const one = await jobrunner("capabilities", "port_is_free", "-o", "json");
    const yes = await jobrunner("capability", "test", "on_agent", "alpha");
    const no = await jobrunner("capability", "test", "not_on_agent(alpha)", "--agent", "self");
    const typo = await jobrunner("capability", "test", "has_gp");

    expect(list.stdout).toMatch(/^not_on_agent\(agent\)\tThe agent has another name\.\tbuilt in$/m);
    expect(JSON.parse(one.stdout)).toMatchObject({ name: "port_is_free", exclusive: true });
    expect(yes).toMatchObject({ code: 0, stdout: "alpha\ton_agent(alpha)\tyes\t\t\n" });
    expect(no.code).toBe(13);
    expect(no.stdout).toContain("no\tthis is alpha\tan agent other than alpha");
    expect(typo).toMatchObject({ code: 2, stdout: "" });
    expect(typo.stderr).toContain("Did you mean has_gpu?");
  });
});

describe("jobrunner why", () => {
  it("names every clause that keeps a job from running, and exits with 13", async () => {
    const { jobrunner, post } = await withAgent(
      "--fact",
      "memory_free=6GiB",
      "--tag",
      "room=attic",
    );
    const wanted = [
      "memory_free(8GiB)",
      "has_tag(room=study)",
      "on_agent(beta)",
      "disk_free(/, 1B)",
    ];
    const id = await post("hello", ...require(...wanted));

    const { code, stdout } = await jobrunner("why", id);

    expect(code).toBe(13);
    expect(stdout).toContain("memory_free(8GiB)\tno\t6 GiB free\t8 GiB");
    expect(stdout).toContain("has_tag(room=study)\tno\tit has room=attic\troom=study");
    expect(stdout).toContain("on_agent(beta)\tno\tthis is alpha\tagent beta");
    expect(stdout).toContain("disk_free(/, 1B)\tyes");
    expect(stdout).toContain("free slot\tyes");
    expect((await jobrunner("show", id, "-o", "json")).stdout).toContain('"state": "WAITING"');
  });

  it("is answered over HTTP in less than 2 s", async () => {
    const { url, post } = await withAgent("--fact", "on_mains=false");
    const id = await post("hello", ...require("on_mains"));

    const began = performance.now();
    const answer = await fetch(`${url}/v1/jobs/${id}/why`);
    const view = (await answer.json()) as WhyView;

    expect(performance.now() - began).toBeLessThan(2_000);
    expect(view).toMatchObject({
      ...{ possible: false, obstacles: [], needs: ["on_mains"] },
      agents: [{ agent: "alpha", able: false }],
    });
    expect((await fetch(`${url}/v1/jobs/00000000-0000/why`)).status).toBe(404);
  });

  it("tells of a full agent, of a job that is not due, and of one that runs or is over", async () => {
    const { jobrunner, post, why, dir } = await withAgent("--slots", "1");
    const held = ["--file", join(dir, "effects"), "--hold-at", "1", "--release", join(dir, "go")];
    const running = await post("ten_steps", ...held);
    await until(async () => (await why(running)).owner === "alpha", PATIENCE);
    const waiting = await post("hello");
    const later = await post("hello", "--at", "+1h");

    const slot = (await why(waiting)).agents[0]?.requirements.find(
      ({ what }) => what === "free slot",
    );
    expect(slot).toMatchObject({ verdict: "no", observed: "all 1 in use" });
    expect(await why(later)).toMatchObject({
      possible: false,
      obstacles: [{ why: expect.stringContaining("it is not due before 20") }],
    });
    expect((await jobrunner("why", later)).code).toBe(13);
    expect((await jobrunner("why", running)).code).toBe(0);
  });

  it("tells of an agent which jobs that wait it does not take, and of one agent alone", async () => {
    const { jobrunner, post, url } = await withAgent();
    const windows = await post("hello", ...require("os_is(windows)"));
    const nobody = await post("hello", ...require("on_agent(beta)"));

    const all = await jobrunner("why", "--agent", "alpha");
    const newest = await jobrunner("why", "--agent", "self", "--limit", "1", "-o", "json");
    const one = await jobrunner("why", windows, "--agent", "alpha");
    const page = await fetch(`${url}/v1/agents/alpha/why?limit=1`);
    const rest = (await page.json()) as AgentJobsView;
    const next = await fetch(`${url}/v1/agents/alpha/why?limit=1&cursor=${rest.nextCursor}`);
    const older = (await next.json()) as AgentJobsView;

    expect(all.code).toBe(13);
    expect(all.stdout).toContain("alpha\t*\ttakes jobs\tyes");
    expect(all.stdout).toMatch(new RegExp(`^alpha\t${windows}\tos_is\\(windows\\)\tno\t`, "m"));
    expect(all.stdout).toContain(`alpha\t${nobody}\ton_agent(beta)\tno\tthis is alpha\tagent beta`);
    const items = (text: string) => (JSON.parse(text) as AgentJobsView).items;
    expect(items(newest.stdout).map(({ job }) => job.id)).toEqual([nobody]);
    expect(rest).toMatchObject({ agent: "alpha", able: true, items: [{ job: { id: nobody } }] });
    expect(older.items.map(({ job }) => job.id)).toEqual([windows]);
    expect(one.code).toBe(13);
    expect(one.stdout).toContain("closest: alpha, 1 short");
    expect((await jobrunner("why", windows, "--agent", "alhpa")).code).toBe(3);
    expect((await jobrunner("why", "--agent", "beta")).code).toBe(3);
    expect((await jobrunner("why")).code).toBe(2);
    await jobrunner("cancel", windows, nobody);
    expect(await jobrunner("why", "--agent", "alpha")).toMatchObject({ code: 0 });
  });

  it("refuses requirements that nobody could mean, and a job that is not there", async () => {
    const { jobrunner } = await withAgent();

    const typo = await jobrunner("post", "hello", "--require", "memory_fre(2GB)");
    const wrong = await jobrunner("post", "hello", "--require", "memory_free(lots)");

    expect(typo).toMatchObject({ code: 2, stdout: "" });
    expect(typo.stderr).toContain("Did you mean memory_free?");
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
    expect(wrong.stderr).toContain("wants bytes, such as 2GB or 512MiB");
    expect((await jobrunner("why", "0000-0000")).code).toBe(3);
  });
});

describe("a port that a job asked for", () => {
  it("is given to one job at a time by two agents of one machine", async () => {
    const { dir, url, post } = await withAgent();
    const beta = await agentInTest({ dir, name: "beta", args: ["--flows", FLOWS] });
    const port = await freePort();
    const clause = `port_is_free(${port})`;
    const release = join(dir, "go");
    const hold = (file: string) => [
      "--file",
      join(dir, file),
      "--hold-at",
      "1",
      "--release",
      release,
    ];

    // Its tasks never take the port: only the agents' ledger keeps the second job away.
    const ids = [
      await post("ten_steps", ...hold("one"), ...require(clause)),
      await post("ten_steps", ...hold("two"), ...require(clause)),
    ];
    await until(async () => (await states(url, ids)).includes("RUNNING"), PATIENCE);
    const waiting = ids[(await states(url, ids)).indexOf("WAITING")] ?? "";
    const running = ids.find((id) => id !== waiting) ?? "";

    // Each agent sees the hold, its own or the other one's, so neither may claim.
    for (const each of [url, beta.url]) {
      await until(async () => isHeld(await whyFrom(each, waiting), running), PATIENCE);
    }
    expect(await states(url, [waiting])).toEqual(["WAITING"]);
  });
});

async function whyFrom(url: string, id: string): Promise<WhyView> {
  return (await (await fetch(`${url}/v1/jobs/${id}/why`)).json()) as WhyView;
}

function isHeld({ agents }: WhyView, by: string): boolean {
  const all = agents.flatMap(({ requirements }) => requirements);
  const port = all.find(({ what }) => what.startsWith("port_is_free"));
  return port?.observed?.includes(`held (job ${by} on agent `) === true;
}

async function states(url: string, ids: readonly string[]): Promise<readonly string[]> {
  return Promise.all(
    ids.map(async (id) => ((await (await fetch(`${url}/v1/jobs/${id}`)).json()) as JobView).state),
  );
}
