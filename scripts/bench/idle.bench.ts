import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseAddress } from "../../mysql/address.js";
import { Session } from "../../mysql/session.js";
import { Sql } from "../../mysql/sql.js";
import { startAgent } from "../lab/agents.js";
import { freePort } from "../lab/ports.js";
import { cpuSeconds, familyOf, residentBytes, waitsOf } from "../lab/processes.js";
import { startConsul } from "../lab/servers/consul.js";
import { startMariadb } from "../lab/servers/mariadb.js";
import { startRedis } from "../lab/servers/redis.js";
import { WireProxy } from "../lab/wire-proxy.js";
import { type Bar, judge } from "./bars.js";
import type { Report } from "./report.js";

/*
 * What an agent costs that has nothing to do, registered in Consul, with its jobs in MariaDB: all
 * its processes together, two minutes after the start, when its runner has been stopped. Traffic is
 * what passes between it and the three servers. Beside them runs a Node that wakes 0.8 times a
 * second (about as often as an agent, all threads together) and does nothing then, for on some
 * machines that is what costs: a hypervisor that takes memory away from guests that rest charges
 * whoever touches a page again (measured, by the hour: 0.2 to 85 us for one left alone for 2.5 s,
 * and 15 ms for a timer that does nothing). In such an hour the share of a core says little of the
 * agent; what each of its wakes costs, by those of the bare Node in the same minute, does.
 */

const SETTLED_MS = 120_000;
const WATCHED_MS = 60_000;
/** Three start at once, on as few cores as there may be. */
const START_WITHIN_MS = 60_000;
const BARE_WAKES_EVERY_MS = 1_250;
/** Of a core, %. */
const CPU_MAX = 1;
/** What a wake costs, in wakes of the bare Node. */
const BARE_WAKES_MAX = 3;
/** A bare Node that takes less than this, %, is measured in too few ticks of the processor's time. */
const BARE_MIN = 0.2;
/** Of all threads together, a second. */
const WAKES_MAX = 2;
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
    const watchAt = performance.now() + SETTLED_MS;
    const bare = measureBareNode(report, watchAt);
    // All to their end, so that each stops its agent also when another one fails.
    const agents = PROFILES.map((each) => {
      return measure(each, servers, { report, dir, watchAt, bare });
    });
    const all = await Promise.allSettled([bare.then(() => []), ...agents]);
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

/** A Node that only wakes. */
async function measureBareNode(report: Report, watchAt: number): Promise<Taken> {
  const wakes = `setInterval(() => {}, ${String(BARE_WAKES_EVERY_MS)})`;
  const node = spawn(process.execPath, ["--eval", wakes], { stdio: "ignore" });
  try {
    const pid = node.pid ?? 0;
    await pauseUntil(watchAt);
    const mib = residentBytes(pid) / MIB;
    const taken = await watch([pid]);
    report.row({ profile: "bare Node", mib, processes: 1, ...taken });
    return taken;
  } finally {
    node.kill("SIGKILL");
  }
}

/** What processes take while nothing happens. */
interface Taken {
  readonly cpuPercent: number;
  readonly wakesPerSecond: number;
}

async function watch(pids: readonly number[]): Promise<Taken> {
  const sum = (of: (pid: number) => number): number => pids.reduce((all, pid) => all + of(pid), 0);
  const before = { cpu: sum(cpuSeconds), waits: sum(waitsOf) };
  await pause(WATCHED_MS);
  const ended = pids.filter((pid) => residentBytes(pid) === 0);
  if (ended.length > 0) throw new Error(`processes ended meanwhile: ${ended.join(", ")}`);
  const seconds = WATCHED_MS / 1_000;
  return {
    cpuPercent: ((sum(cpuSeconds) - before.cpu) / seconds) * 100,
    wakesPerSecond: (sum(waitsOf) - before.waits) / seconds,
  };
}

interface Place {
  readonly report: Report;
  readonly dir: string;
  /** All are watched in the same minute, from then on; as performance.now() says it. */
  readonly watchAt: number;
  readonly bare: Promise<Taken>;
}

function pauseUntil(at: number): Promise<void> {
  return pause(at - performance.now());
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
  await pauseUntil(place.watchAt);
  const links = { redis, consul, mysql };
  const before = Object.values(links).map(({ carried }) => carried);
  const cpu = await watch(familyOf(agent.pid).map(({ pid }) => pid));
  const seconds = WATCHED_MS / 1_000;
  const traffic = Object.entries(links).map(
    ([name, { carried }], index) => [name, (carried - (before[index] ?? 0)) / seconds] as const,
  );
  const bytesPerSecond = traffic.reduce((sum, [, bytes]) => sum + bytes, 0);
  const family = familyOf(agent.pid);
  const mib = family.reduce((sum, { pid }) => sum + residentBytes(pid), 0) / MIB;
  const figures = { mib, processes: family.length, ...cpu, bytesPerSecond };
  const parts = Object.fromEntries(traffic.map(([name, bytes]) => [`${name}Bytes`, bytes]));
  place.report.row({ profile: profile.profile, board: profile.board, ...figures, ...parts });
  const bare = await place.bare;
  const ofWake = ({ cpuPercent, wakesPerSecond }: Taken): number => cpuPercent / wakesPerSecond;
  const inBareWakes = ofWake(cpu) / ofWake(bare);
  return [
    { bar: `${profile.profile}: MiB of all processes`, measured: mib, max: profile.mibMax },
    { bar: `${profile.profile}: % of a core`, measured: cpu.cpuPercent, max: CPU_MAX },
    ...(bare.cpuPercent < BARE_MIN
      ? []
      : [
          {
            bar: `${profile.profile}: a wake, in wakes of a bare Node`,
            ...{ measured: inBareWakes, max: BARE_WAKES_MAX },
          },
        ]),
    { bar: `${profile.profile}: wakes/s`, measured: cpu.wakesPerSecond, max: WAKES_MAX },
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
