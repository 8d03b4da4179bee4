import { availableParallelism, hostname } from "node:os";
import { join, resolve } from "node:path";
import { DEFAULT_PORT, FREE_PORTS } from "../common/port.js";
import type { Config } from "./config.js";
import { toHook } from "./hooks.js";
import type { CheckedSettings } from "./schema.js";
import { home } from "./secrets.js";
import { stateDirectory } from "./state-directory.js";

const RETENTION = { days: 30, jobs: 100_000, bytes: 1024 ** 3 };
/** Of one job. */
const LOG_BYTES = 1024 ** 2;
const STREAMS_PER_CALLER = 100;
const DEFAULT_REDIS = "redis://127.0.0.1:6379";
const DEFAULT_CONSUL = "http://127.0.0.1:8500";

/** Fills in what nobody wrote; other programs' variables (REDIS_URL, ...) come before our own. */
export function complete(
  settings: CheckedSettings,
  env: NodeJS.ProcessEnv,
  { tls, ca }: Pick<Config, "tls" | "ca"> = {},
): Config {
  const { agent, api, flows, claim, drain, log } = settings;
  const directory = stateDirectory(env);
  const { host, port } = listenAddress(api?.listen);
  return {
    name: agent?.name ?? defaultAgentName(),
    host,
    port,
    ...(api?.token === undefined ? {} : { token: api.token }),
    ...(api?.tokens === undefined ? {} : { tokens: api.tokens }),
    ...(tls === undefined ? {} : { tls }),
    ...(ca === undefined ? {} : { ca }),
    streamsPerCaller: api?.streamsPerCaller ?? STREAMS_PER_CALLER,
    ...(api?.advertise === undefined ? {} : { advertise: new URL(api.advertise).origin }),
    peers: (settings.peers ?? []).map((peer) => new URL(peer).origin),
    ...(registers(settings) ? { registry: consulUrl(settings.consul, env, undefined) } : {}),
    directory,
    board: boardUrl(settings, directory, env),
    persistence: persistenceUrl(settings, directory, env),
    flows: (flows?.dirs ?? []).map((each) => resolve(home(each, env))),
    slots: agent?.slots ?? Math.max(4, availableParallelism()),
    leaseMs: claim?.lease ?? 10_000,
    patienceMs: claim?.patience ?? 5 * 60_000,
    drainTimeoutMs: drain?.timeout ?? 60_000,
    onlyWhen: settings.onlyWhen ?? [],
    runner: agent?.runner ?? "process",
    ...(agent?.memory === undefined ? {} : { memory: agent.memory }),
    retention: retention(settings.retention),
    logs: { bytesPerJob: settings.logs?.bytesPerJob ?? LOG_BYTES },
    tags: agent?.tags ?? {},
    freePorts: agent?.freePorts ?? FREE_PORTS,
    facts: settings.facts ?? {},
    hooks: (settings.hooks ?? []).map(toHook),
    logLevel: log?.level ?? "info",
  };
}

function retention(given: CheckedSettings["retention"] = {}): Config["retention"] {
  const { days = RETENTION.days, jobs = RETENTION.jobs, bytes = RETENTION.bytes } = given;
  return { days, jobs, bytes };
}

/** `host:port`, or a port of the loopback alone. */
export function listenAddress(text: string | undefined): { host: string; port: number } {
  const [, host = "127.0.0.1", port] = /^(?:(.*):)?(\d+)$/.exec(text ?? "") ?? [];
  return { host, port: port === undefined ? DEFAULT_PORT : Number(port) };
}

export function defaultAgentName(): string {
  const name = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, "-")
    .replaceAll(/^[^a-z0-9]+/g, "");
  return name === "" ? "agent" : name.slice(0, 64);
}

function boardUrl(settings: CheckedSettings, directory: string, env: NodeJS.ProcessEnv): string {
  const { board = { kind: "embedded" } } = settings;
  switch (board.kind) {
    case "embedded":
      return embeddedUrl(board.path ?? pathOf(settings.persistence), directory, env);
    case "redis": {
      const url = board.url ?? env["REDIS_URL"] ?? DEFAULT_REDIS;
      return board.prefix === undefined ? url : withQuery(url, { prefix: board.prefix });
    }
    case "consul":
      return consulUrl(settings.consul, env, board.prefix);
  }
}

/** Who names Consul at all is registered there. */
function registers({ board, consul }: CheckedSettings): boolean {
  return consul !== undefined || board?.kind === "consul";
}

/** The npm clients and curl know these variables; Consul's own tools set them. */
function consulUrl(
  consul: CheckedSettings["consul"],
  env: NodeJS.ProcessEnv,
  prefix: string | undefined,
): string {
  const given = consul?.address ?? env["CONSUL_HTTP_ADDR"] ?? DEFAULT_CONSUL;
  const { protocol, host } = new URL(given.includes("://") ? given : `http://${given}`);
  const scheme = protocol === "https:" ? "consul+https" : "consul";
  const token = consul?.token ?? env["CONSUL_HTTP_TOKEN"];
  const tokenFile = token === undefined ? env["CONSUL_HTTP_TOKEN_FILE"] : undefined;
  const ca = consul?.ca ?? env["CONSUL_CACERT"];
  const path = (prefix ?? "jobrunner").replace(/\/+$/, "");
  const query = { token, "token-file": tokenFile, "ca-file": ca };
  return withQuery(`${scheme}://${host}/${path}`, query);
}

function persistenceUrl(
  settings: CheckedSettings,
  directory: string,
  env: NodeJS.ProcessEnv,
): string {
  const { persistence = { kind: "embedded" } } = settings;
  if (persistence.kind === "embedded") {
    return embeddedUrl(persistence.path ?? pathOf(settings.board), directory, env);
  }
  return mysqlUrl(persistence, env);
}

/** Empty when nobody says where the database is: there is no usual place and no usual user. */
export function mysqlUrl(
  part: { readonly url?: string | undefined },
  env: NodeJS.ProcessEnv,
): string {
  return part.url ?? env["DATABASE_URL"] ?? "";
}

/** Board and persistence share one file unless each has its own. */
function pathOf(
  part: CheckedSettings["board"] | CheckedSettings["persistence"],
): string | undefined {
  return part?.kind === "embedded" ? part.path : undefined;
}

function embeddedUrl(path: string | undefined, directory: string, env: NodeJS.ProcessEnv): string {
  if (path === ":memory:") return "sqlite::memory:";
  return `sqlite:${resolve(path === undefined ? join(directory, "jobrunner.db") : home(path, env))}`;
}

function withQuery(url: string, query: Readonly<Record<string, string | undefined>>): string {
  const words = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
  );
  if (words.length === 0) return url;
  return `${url}${url.includes("?") ? "&" : "?"}${words.join("&")}`;
}

/** A setting that nobody wrote, and the variable of another program that decides it. */
export interface Variable {
  readonly setting: string;
  readonly name: string;
}

/** Those that `complete` looks at, as far as it needs them. */
export function variablesOf(
  settings: CheckedSettings,
  env: NodeJS.ProcessEnv,
): readonly Variable[] {
  const { board, persistence, consul } = settings;
  const unless = (written: unknown, setting: string, ...names: string[]): readonly Variable[] => {
    const name = written === undefined ? names.find((each) => env[each] !== undefined) : undefined;
    return name === undefined ? [] : [{ setting, name }];
  };
  const address = (setting: string) => unless(consul?.address, setting, "CONSUL_HTTP_ADDR");
  return [
    ...(board?.kind === "redis" ? unless(board.url, "board.url", "REDIS_URL") : []),
    ...(board?.kind === "consul" ? address("board") : []),
    ...(persistence?.kind === "mysql"
      ? unless(persistence.url, "persistence.url", "DATABASE_URL")
      : []),
    ...(registers(settings)
      ? [
          ...address("consul.address"),
          ...unless(consul?.token, "consul.token", "CONSUL_HTTP_TOKEN", "CONSUL_HTTP_TOKEN_FILE"),
          ...unless(consul?.ca, "consul.ca", "CONSUL_CACERT"),
        ]
      : []),
  ];
}
