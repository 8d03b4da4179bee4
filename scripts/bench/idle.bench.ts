import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseAddress } from "../../mysql/address.js";
import { Session } from "../../mysql/session.js";
import { Sql } from "../../mysql/sql.js";
import { type AgentProcess, startAgent } from "../lab/agents.js";
import { freePort } from "../lab/ports.js";
import { cpuSeconds, familyOf, residentBytes } from "../lab/processes.js";
import { startConsul } from "../lab/servers/consul.js";
import { startMariadb } from "../lab/servers/mariadb.js";
import { startRedis } from "../lab/servers/redis.js";
import { WireProxy } from "../lab/wire-proxy.js";
import { type Bar, judge } from "./bars.js";
import { coldPageMicros, touchedPages } from "./idle/cold-memory.js";
import type { Report } from "./report.js";

/*
 * What an agent costs that has nothing to do, registered in Consul, with its jobs in MariaDB: all
 * its processes together, two minutes after the start, when its runner has been stopped. Traffic is
 * what passes between it and the three servers. Beside them runs a Node that wakes about as often
 * and does nothing then: what waking alone costs on this machine. What the machine itself takes for
 * memory that was left alone is none of the agent's work: both shares of a core are told, and the
 * bar is for the one without.
 */

const SETTLED_MS = 120_000;
const WATCHED_MS = 60_000;
/** Three start at once, on as few cores as there may be. */
const START_WITHIN_MS = 60_000;
const BARE_WAKES_EVERY_MS = 1_250;
const MIB = 1024 ** 2;
/** As the services of deploy/ start it; the phone's is that of Termux. */
const ENV = { MALLOC_ARENA_MAX: "2" };
const PHONE_ENV = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_TRIM_THRESHOLD_: "131072",
  MALLOC_MMAP_THRESHOLD_: "131072",
};

const PROFILES = [
  { profile: "server", board: "redis", runner: "process", mibMax: 110, env: ENV },
  { profile: "phone", board: "redis", runner: "thread", mibMax: 95, env: PHONE_ENV },
  { profile: "decentralised", board: "consul", runner: "process", mibMax: 110, env: ENV },
] as const;
type Profile = (typeof PROFILES)[number];

interface Servers {
  readonly redis: number;
  readonly consul: number;
  /** With user, password and database. */
  readonly mysql: URL;
}

export default async function bench(report: Report): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-bench-"));
  const redis = await startRedis(join(dir, "redis"));
  const consul = await startConsul(join(dir, "consul"));
  const mariadb = await startMariadb(join(dir, "mariadb"));
  const servers = { redis: redis.port, consul: consul.port, mysql: new URL(mariadb.url) };
  try {
    const pageMicros = pause(SETTLED_MS).then(() => coldPageMicros(WATCHED_MS));
    const place = { report, dir, pageMicros };
    // All to their end, so that each stops its agent also when another one fails.
    const agents = PROFILES.map((each) => measure(each, servers, place));
    const all = await Promise.allSettled([...agents, measureBareNode(place)]);
    const failed = all.find((each) => each.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    judge(
      report,
      all.flatMap((each) => (each.status === "fulfilled" ? each.value : [])),
    );
  } finally {
    for (const { server } of [redis, consul, mariadb]) await server.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** No bar: what the agents' shares are to be compared with. */
async function measureBareNode({ report, pageMicros }: Place): Promise<readonly Bar[]> {
  const wakes = `setInterval(() => {}, ${String(BARE_WAKES_EVERY_MS)})`;
  const node = spawn(process.execPath, ["--eval", wakes], { stdio: "ignore" });
  try {
    const pid = node.pid ?? 0;
    await pause(SETTLED_MS);
    const before = cpuSeconds(pid);
    const pages = await touchedPages([pid], WATCHED_MS);
    const cpuPercent = ((cpuSeconds(pid) - before) / (WATCHED_MS / 1_000)) * 100;
    const coldPercent = (pages * (await pageMicros)) / 10_000;
    const figures = { mib: residentBytes(pid) / MIB, processes: 1, cpuPercent, coldPercent };
    report.row({ profile: "bare Node", ...figures, pagesPerSecond: pages });
  } finally {
    node.kill("SIGKILL");
  }
  return [];
}

interface Place {
  readonly report: Report;
  readonly dir: string;
  /** What this machine takes for a page of memory that was left alone, us. */
  readonly pageMicros: Promise<number>;
}

async function measure(profile: Profile, servers: Servers, place: Place): Promise<readonly Bar[]> {
  const database = `idle_${profile.profile}`;
  await createDatabase(servers.mysql, database);
  await using redis = await WireProxy.start({ to: servers.redis });
  await using consul = await WireProxy.start({ to: servers.consul });
  await using mysql = await WireProxy.start({ to: Number(servers.mysql.port) });
  const url = new URL(servers.mysql);
  url.port = String(mysql.port);
  url.pathname = `/${database}`;
  const address = `http://127.0.0.1:${String(consul.port)}`;
  const redisUrl = `redis://127.0.0.1:${String(redis.port)}`;
  const settings = {
    agent: { name: profile.profile, runner: profile.runner },
    board:
      profile.board === "consul"
        ? { kind: "consul", prefix: database }
        : { kind: "redis", url: redisUrl, prefix: database },
    persistence: url.href,
    consul: { address },
    log: { level: "warn" },
  };
  await using agent = await start(settings, join(place.dir, profile.profile), profile.env);
  await pause(SETTLED_MS);
  const links = { redis, consul, mysql };
  const before = Object.values(links).map(({ carried }) => carried);
  const cpuBefore = cpuOf(agent);
  const idle = familyOf(agent.pid).map(({ pid }) => pid);
  const pages = await touchedPages(idle, WATCHED_MS);
  const seconds = WATCHED_MS / 1_000;
  const traffic = Object.entries(links).map(
    ([name, { carried }], index) => [name, (carried - (before[index] ?? 0)) / seconds] as const,
  );
  const bytesPerSecond = traffic.reduce((sum, [, bytes]) => sum + bytes, 0);
  const cpuPercent = ((cpuOf(agent) - cpuBefore) / seconds) * 100;
  const family = familyOf(agent.pid);
  const mib = family.reduce((sum, { pid }) => sum + residentBytes(pid), 0) / MIB;
  const pageMicros = await place.pageMicros;
  const coldPercent = (pages * pageMicros) / 10_000;
  const cpu = { cpuPercent, coldPercent, pagesPerSecond: pages, pageMicros };
  const figures = { mib, processes: family.length, ...cpu, bytesPerSecond };
  const parts = Object.fromEntries(traffic.map(([name, bytes]) => [`${name}Bytes`, bytes]));
  place.report.row({ profile: profile.profile, board: profile.board, ...figures, ...parts });
  return [
    { bar: `${profile.profile}: MiB of all processes`, measured: mib, max: profile.mibMax },
    {
      bar: `${profile.profile}: % of a core, beside cold memory`,
      ...{ measured: Math.max(0, cpuPercent - coldPercent), max: 1 },
    },
    { bar: `${profile.profile}: bytes/s`, measured: bytesPerSecond, max: 1_024 },
  ];
}

async function createDatabase(server: URL, name: string): Promise<void> {
  const options = { idleSeconds: 60, silenceMs: 10_000 };
  const session = await Session.open(parseAddress(server.href), options);
  await session.run([new Sql(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)]);
  await session.close();
}

/** From a file of settings, as its user starts it: JSON is YAML. */
async function start(
  settings: { readonly agent: { readonly name: string } },
  dir: string,
  env: Readonly<Record<string, string>>,
) {
  const config = `${dir}.yaml`;
  writeFileSync(config, JSON.stringify(settings));
  const { name } = settings.agent;
  const args = ["--config", config];
  const agent = startAgent({ name, port: await freePort(), stateHome: dir, args, env });
  await agent.ready(START_WITHIN_MS).catch(async (error: unknown) => {
    await agent[Symbol.asyncDispose]();
    throw error;
  });
  return agent;
}

function cpuOf({ pid }: AgentProcess): number {
  return familyOf(pid).reduce((sum, member) => sum + cpuSeconds(member.pid), 0);
}
