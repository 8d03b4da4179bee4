import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentView, JobDetailView } from "../../common/wire.js";
import { type AgentProcess, startAgent } from "../../scripts/lab/agents.js";
import { type CommandResult, runCommand } from "../../scripts/lab/command.js";
import { type Host, openNetwork } from "../../scripts/lab/hosts.js";
import { type ConsulServer, startConsul } from "../../scripts/lab/servers/consul.js";
import { startMariadb } from "../../scripts/lab/servers/mariadb.js";
import { until } from "../../scripts/lab/until.js";

/*
 * Three machines as people have them, each with a Consul client and an agent; a fourth one is the
 * Consul server, and the database runs where all of them reach it. The board is in Consul.
 */

export const TOKEN = "a-token-of-these-tests";
const FLOWS = [
  join(import.meta.dirname, "..", "e2e", "fixtures", "flows"),
  join(import.meta.dirname, "fixtures", "flows"),
];
const PORT = 7463;

export interface Machine {
  readonly name: string;
  readonly host: Host;
  readonly agent: AgentProcess;
  readonly consul: ConsulServer;
  /** The command line, typed on this machine. */
  jobrunner(...words: readonly string[]): Promise<CommandResult>;
  /** What its agent answers to others. */
  ask<T>(path: string): Promise<T>;
  /** The agent is killed; and started anew. */
  killAgent(): Promise<void>;
  startAgent(): Promise<void>;
}

export interface Machines extends AsyncDisposable {
  readonly dir: string;
  /** alpha, beta with a scanner, gamma. */
  readonly all: readonly [Machine, Machine, Machine];
  /** Of the server's HTTP API. */
  readonly consulUrl: string;
}

/** Resolves when every agent sees all three. */
export async function startMachines(): Promise<Machines> {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-machines-"));
  /** What ends each part, the last one first; whatever fails, the others are ended. */
  const ends: End[] = [() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 })];
  const dispose = async (): Promise<void> => {
    const failed: unknown[] = [];
    for (const end of ends.reverse()) {
      try {
        await end();
      } catch (error) {
        failed.push(error);
      }
    }
    if (failed.length > 0) throw new AggregateError(failed, "not everything could be ended");
  };
  try {
    const network = openNetwork(4);
    ends.push(() => network[Symbol.dispose]());
    const [first, second, third, fourth] = network.hosts;
    if (!first || !second || !third || !fourth) throw new Error("four hosts were wanted");
    const server = await startConsul(join(dir, "consul"), {
      host: fourth,
      config: { node_name: "server" },
    });
    ends.push(() => server.server.kill());
    const database = await startMariadb(join(dir, "mariadb"), { address: network.address });
    ends.push(() => database.server.kill());
    const place = { dir, ends, databaseUrl: database.url, seed: fourth.address };
    const scanner = ["--fact", 'gpus=["scanner 600"]'];
    const all = await together([
      startMachine(place, "alpha", first),
      startMachine(place, "beta", second, scanner),
      startMachine(place, "gamma", third),
    ] as const);
    await seeEachOther(all);
    return { dir, all, consulUrl: server.url, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

type End = () => unknown;

/** As Promise.all, but nothing is under way any more when it rejects: it could not be ended. */
async function together<T extends readonly Promise<unknown>[]>(
  parts: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}

interface Place {
  readonly dir: string;
  readonly ends: End[];
  readonly databaseUrl: string;
  /** Where Consul's server is. */
  readonly seed: string;
}

async function startMachine(
  { dir, ends, databaseUrl, seed }: Place,
  name: string,
  host: Host,
  more: readonly string[] = [],
): Promise<Machine> {
  const home = join(dir, name);
  mkdirSync(home);
  const consul = await startConsul(join(home, "consul"), {
    host,
    config: {
      ...{ server: false, bootstrap_expect: undefined, node_name: name },
      ...{ retry_join: [seed], retry_interval: "1s" },
    },
  });
  ends.push(() => consul.server.kill());
  const file = join(home, "config.yaml");
  writeFileSync(file, settings(databaseUrl));
  const start = (): AgentProcess =>
    startAgent({
      ...{ name, host, port: PORT, stateHome: join(home, "state") },
      args: ["--config", file, "--tag", `room=${name}`, ...more],
    });
  let agent = start();
  ends.push(() => agent[Symbol.asyncDispose]());
  await agent.ready(40_000);
  const env = {
    ...{ JOBRUNNER_TOKEN: TOKEN, JOBRUNNER_ADDR: "", CONSUL_HTTP_ADDR: "" },
    ...{ XDG_STATE_HOME: join(home, "state"), XDG_CONFIG_HOME: home },
  };
  return {
    ...{ name, host, consul },
    get agent() {
      return agent;
    },
    jobrunner: (...words) => runCommand(words, env, host),
    ask: (path) => ask(agent.url + path),
    async killAgent() {
      agent.signal("SIGKILL");
      await agent.exited;
      await agent[Symbol.asyncDispose]();
    },
    async startAgent() {
      agent = start();
      await agent.ready(40_000);
    },
  };
}

function settings(databaseUrl: string): string {
  return [
    "board: consul",
    `persistence: { kind: mysql, url: "${databaseUrl}" }`,
    `api: { token: ${TOKEN} }`,
    `flows: ${JSON.stringify(FLOWS)}`,
    "claim: { lease: 3s }",
    "drain: { timeout: 20s }",
  ].join("\n");
}

async function ask<T>(url: string): Promise<T> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(20_000) });
  return (await answer.json()) as T;
}

/** All agents are known to each of them as ready. */
export async function seeEachOther(machines: readonly Machine[]): Promise<void> {
  let seen: readonly string[] = [];
  const look = async (): Promise<boolean> => {
    seen = await Promise.all(machines.map(whatItSees));
    return seen.every((states) => states === machines.map(() => "ready").join(", "));
  };
  const patience = { withinMs: 20_000, everyMs: 200, what: "all agents to see each other" };
  await until(look, patience).catch((error: unknown) => {
    throw new Error(`${String(error)}; they see\n${seen.join("\n")}`, { cause: error });
  });
}

/** States of all agents, with what is said of those that are not ready. */
async function whatItSees({ ask: askIt }: Machine): Promise<string> {
  const { items } = await askIt<{ readonly items: readonly AgentView[] }>("/v1/agents");
  return items
    .map(({ name, state, note = "" }) =>
      state === "ready" && note === "" ? state : `${name} ${state} ${note}`,
    )
    .join(", ");
}

/** Resolves with the job once it is over, as this machine tells it. */
export async function ended(machine: Machine, id: string): Promise<JobDetailView> {
  const look = async (): Promise<JobDetailView | undefined> => {
    const job = await machine.ask<JobDetailView>(`/v1/jobs/${id}`);
    return job.endedAt === undefined ? undefined : job;
  };
  return until(look, { withinMs: 60_000, everyMs: 200, what: `job ${id} to end` });
}
