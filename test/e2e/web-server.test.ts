import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JobDetailView, JobView, NodeView } from "../../common/wire.js";
import type { AgentProcess } from "../../scripts/lab/agents.js";
import { freePort } from "../../scripts/lab/ports.js";
import { familyOf, signal, stillAlive } from "../../scripts/lab/processes.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

describe("simple_http_webserver", { timeout: 60_000 }, () => {
  it("is started again by its retry when the server process is killed", async () => {
    const { alpha, job, page } = await serve();
    const server = serverOf(alpha);

    signal(server, "SIGKILL");
    const again = async () => serverOf(alpha) !== server && (await page()) !== undefined;
    await until(again, { withinMs: 10_000 });

    expect(await page()).toBe("served by a job");
    const { tree } = await show(alpha, job);
    const attempts = atomOf(tree).attempts?.map(({ state }) => state);
    expect(attempts?.slice(-2)).toEqual(["REVERTED", "RUNNING"]);
  });

  it("is started by another agent when its own is killed, and never runs twice", async () => {
    const { alpha, beta, job, page } = await serve();
    const family = familyOf(alpha.pid);

    signal(alpha.pid, "SIGKILL");
    await until(async () => (await page()) === undefined, { withinMs: 2_000 });
    await until(() => stillAlive(family).length === 0, { withinMs: 2_000 });
    await until(page, { withinMs: 10_000 });

    const { owners, tree } = await show(beta, job);
    expect(owners.map(({ agent }) => agent)).toEqual(["alpha", "beta"]);
    const attempts = atomOf(tree).attempts?.map(({ agent, state }) => `${agent} ${state}`);
    expect(attempts).toEqual(["alpha LOST", "beta RUNNING"]);
  });

  it("ends when the claim is lost: an agent that froze serves nothing", async () => {
    const { alpha, beta, job, page } = await serve();

    signal(alpha.pid, "SIGSTOP");
    const taken = async () => (await show(beta, job)).agent === "beta" && (await page());
    await until(taken, { withinMs: 20_000 });
    signal(alpha.pid, "SIGCONT");

    await until(() => !familyOf(alpha.pid).some(isServer), { withinMs: 5_000 });
    expect(await page()).toBe("served by a job");
  });

  it("does not serve what lies beside its directory, and says no to other methods", async () => {
    const { url } = await serve();

    const outside = await fetch(`${url}/..%2fsecret.txt`);
    const posted = await fetch(url, { method: "POST", body: "x" });
    const head = await fetch(`${url}/index.html`, { method: "HEAD" });

    expect(outside.status).toBeGreaterThanOrEqual(400);
    expect(await outside.text()).not.toContain("secret");
    expect(posted.status).toBe(405);
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "15"]);
  });
});

async function serve() {
  const dir = tempDir();
  const root = join(dir, "site");
  mkdirSync(root);
  writeFileSync(join(root, "index.html"), "served by a job");
  writeFileSync(join(dir, "secret.txt"), "secret");
  const args = ["--lease", "2s"];
  const alpha = await agentInTest({ dir, name: "alpha", args });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const page = () => pageAt(url);
  const job = await post(alpha, { port, root });
  await until(page, { withinMs: 10_000 });
  const beta = await agentInTest({ dir, name: "beta", args });
  return { alpha, beta, job, page, url };
}

/** What the page says; undefined when nobody serves it. */
async function pageAt(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(500) });
    return await answer.text();
  } catch {
    return undefined;
  }
}

function isServer({ command }: { readonly command: string }): boolean {
  return command.includes("file-server");
}

/** The server process itself, not the guard that names it too. */
function serverOf(agent: AgentProcess): number {
  const servers = familyOf(agent.pid).filter(isServer);
  return servers.at(-1)?.pid ?? 0;
}

function atomOf(tree: NodeView): NodeView {
  const atom = tree.children?.find(({ kind }) => kind === "task");
  if (atom === undefined) throw new Error("the flow has one task");
  return atom;
}

async function post(agent: AgentProcess, params: object): Promise<string> {
  const answer = await fetch(`${agent.url}/v1/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ flow: "simple_http_webserver", params }),
  });
  return ((await answer.json()) as JobView).id;
}

async function show(agent: AgentProcess, job: string): Promise<JobDetailView> {
  const answer = await fetch(`${agent.url}/v1/jobs/${job}`);
  return (await answer.json()) as JobDetailView;
}
