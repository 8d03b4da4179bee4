import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobDetailView } from "../../common/wire.js";
import { type AgentProcess, startAgent } from "../lab/agents.js";
import { type CommandResult, runCommand } from "../lab/command.js";
import { freePort } from "../lab/ports.js";
import { familyOf, type Process, signal, stillAlive } from "../lab/processes.js";
import { until } from "../lab/until.js";

export const PAGE = "This page is served by a job.";
export const LEASE_S = 3;
const GONE_WITHIN_MS = 3_000;

/** What the demo plays with; all of it lies in one temporary directory. */
export interface Scene {
  readonly agents: readonly [AgentProcess, AgentProcess];
  /** Directory that the web server serves. */
  readonly site: string;
  /** Where the web server will listen. */
  readonly port: number;
  /** Every process seen so far that was started for the demo. */
  readonly seen: Map<number, Process>;
  jobrunner(...args: readonly string[]): Promise<CommandResult>;
  /** Ends everything and removes the directory; may be called at any moment. */
  close(): Promise<void>;
}

export async function openScene(): Promise<Scene> {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-demo-"));
  const site = join(dir, "site");
  mkdirSync(site);
  writeFileSync(join(site, "index.html"), `<!doctype html><title>demo</title><p>${PAGE}</p>\n`);
  const agents = [await start("alpha", dir), await start("beta", dir)] as const;
  const env = { XDG_STATE_HOME: join(dir, "state"), COLUMNS: "100" };
  const seen = new Map<number, Process>();
  return {
    agents,
    site,
    port: await freePort(),
    seen,
    jobrunner: (...args) => runCommand(args, env),
    close: async () => {
      for (const agent of agents) await agent[Symbol.asyncDispose]();
      for (const { pid } of stillAlive([...seen.values()])) signal(pid, "SIGKILL");
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function start(name: string, dir: string): Promise<AgentProcess> {
  return startAgent({
    name,
    port: await freePort(),
    database: join(dir, "jobs.db"),
    stateHome: join(dir, "state"),
    args: ["--lease", `${String(LEASE_S)}s`],
  });
}

/** Remembers the agent and everything below it, to be looked for at the end. */
export function note(scene: Scene, agent: AgentProcess): void {
  for (const process of familyOf(agent.pid)) scene.seen.set(process.pid, process);
}

/** Resolves when nothing of the demo runs any more; rejects with what does. */
export async function nothingLeft(scene: Scene): Promise<void> {
  const left = (): readonly Process[] => stillAlive([...scene.seen.values()]);
  await until(() => left().length === 0, { withinMs: GONE_WITHIN_MS }).catch(() => {
    const lines = left().map(({ pid, command }) => `${String(pid)}  ${command}`);
    throw new Error(`still running:\n${lines.join("\n")}`);
  });
}

/** Text of the page, or undefined while nobody serves it. */
export async function fetchPage(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return answer.status === 200 ? await answer.text() : undefined;
  } catch {
    return undefined; // Refused or cut off: that is what the demo waits for.
  }
}

/** The job as an agent sees it. */
export async function askJob(agent: AgentProcess, id: string): Promise<JobDetailView> {
  const answer = await fetch(`${agent.url}/v1/jobs/${id}`, { signal: AbortSignal.timeout(5_000) });
  if (answer.status !== 200)
    throw new Error(`GET /v1/jobs/${id} answered ${String(answer.status)}`);
  return (await answer.json()) as JobDetailView;
}
