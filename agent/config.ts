import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { JobrunnerError } from "../common/error.js";
import { isLoopback } from "./http/guards.js";
import { defaultAgentName } from "./identity.js";
import { stateDirectory } from "./state-directory.js";

export const DEFAULT_PORT = 7463;
/** Whatever is reached first: a month of history, and no more than a laptop can spare. */
const RETENTION = { days: 30, jobs: 100_000, bytes: 1024 ** 3 };

/** What `jobrunner run` was told, before it is checked; durations in ms. */
export interface Settings {
  readonly name?: string;
  /** Port 0 = any free one. */
  readonly listen?: { readonly host: string; readonly port: number };
  readonly flows?: readonly string[];
  readonly slots?: number;
  /** A file, or `sqlite:FILE`. */
  readonly database?: string;
  readonly leaseMs?: number;
  readonly drainTimeoutMs?: number;
  readonly runner?: "process" | "thread";
  /** How much of the jobs that are over is kept. */
  readonly retention?: { readonly days?: number; readonly jobs?: number; readonly bytes?: number };
}

export interface Config {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** State directory. */
  readonly directory: string;
  /** URL of board and persistence: the embedded default keeps both in one file. */
  readonly database: string;
  /** Directories with plugins, absolute. */
  readonly flows: readonly string[];
  readonly slots: number;
  readonly leaseMs: number;
  readonly drainTimeoutMs: number;
  readonly runner: "process" | "thread";
  readonly retention: { readonly days: number; readonly jobs: number; readonly bytes: number };
}

/** Checks everything and reports every mistake at once (code USAGE). */
export function resolveConfig(settings: Settings, env: NodeJS.ProcessEnv): Config {
  const mistakes: string[] = [];
  const directory = stateDirectory(env);
  const config: Config = {
    name: name(settings.name, mistakes),
    ...listen(settings.listen, mistakes),
    directory,
    database: database(settings.database, directory, mistakes),
    flows: (settings.flows ?? []).map((each) => resolve(each)),
    slots: settings.slots ?? Math.max(4, availableParallelism()),
    leaseMs: settings.leaseMs ?? 10_000,
    drainTimeoutMs: settings.drainTimeoutMs ?? 60_000,
    runner: settings.runner ?? "process",
    retention: { ...RETENTION, ...settings.retention },
  };
  mistakes.push(
    ...within("--slots", config.slots, [1, 1_000]),
    ...within("--lease", config.leaseMs, [500, 600_000]),
    ...within("--drain-timeout", config.drainTimeoutMs, [0, 86_400_000]),
    ...within("retention.days", config.retention.days, [0, 36_500]),
    ...within("retention.jobs", config.retention.jobs, [0, 100_000_000]),
    ...within("retention.bytes", config.retention.bytes, [0, 2 ** 50]),
  );
  if (mistakes.length > 0) throw new JobrunnerError("USAGE", mistakes.join("\n"));
  return config;
}

function name(given: string | undefined, mistakes: string[]): string {
  const value = given ?? defaultAgentName();
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(value)) {
    mistakes.push(`--name: "${value}" is not a name: a-z, 0-9, _ and -, at most 64, such as nas-1`);
  }
  return value;
}

function listen(
  given: Settings["listen"],
  mistakes: string[],
): { readonly host: string; readonly port: number } {
  const { host, port } = given ?? { host: "127.0.0.1", port: DEFAULT_PORT };
  if (!isLoopback(host)) {
    mistakes.push(
      `--listen: ${host} can be reached from other machines; agents listen on 127.0.0.1, [::1] ` +
        "or localhost only, since whoever can post runs code",
    );
  }
  return { host, port };
}

function database(given: string | undefined, directory: string, mistakes: string[]): string {
  const value = given ?? join(directory, "jobrunner.db");
  const scheme = /^([a-z][a-z0-9+.-]+):/.exec(value)?.[1];
  if (scheme === undefined) return `sqlite:${resolve(value)}`;
  const file = value.slice("sqlite:".length);
  if (scheme !== "sqlite" || file === "") {
    mistakes.push(`--database: "${value}" is not a file or sqlite:FILE`);
    return value;
  }
  return `sqlite:${file === ":memory:" ? file : resolve(file)}`;
}

function within(
  flag: string,
  value: number,
  [min, max]: readonly [number, number],
): readonly string[] {
  if (Number.isFinite(value) && value >= min && value <= max) return [];
  return [`${flag}: ${value} is not within ${min}..${max}`];
}
