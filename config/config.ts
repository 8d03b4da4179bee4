import type { AccessToken } from "../common/access.js";
import type { Clause } from "../common/job.js";
import type { PortRange } from "../common/port.js";
import type { Overrides } from "../facts/overrides.js";

/** Everything an agent was told, checked and complete; durations in ms. */
export interface Config {
  /** Name of the agent, unique in its state directory. */
  readonly name: string;
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** What every request must carry when other machines may ask. */
  readonly token?: string;
  /** Further tokens, good for less. */
  readonly tokens?: readonly AccessToken[];
  /** Certificate and private key of the API, PEM; with them it speaks https. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Authority that other agents' certificates are signed by, PEM. */
  readonly ca?: string;
  /** Event streams that one caller may have open at a time. */
  readonly streamsPerCaller: number;
  /** Where others reach the API, when that differs from where it listens: a URL. */
  readonly advertise?: string;
  /** Addresses of agents of other machines, where no Consul tells them. */
  readonly peers: readonly string[];
  /** URL of the Consul agent to register with, for resolveConsulUrl. */
  readonly registry?: string;
  /** State directory. */
  readonly directory: string;
  /** URL of the board, for openBoard; may hold a password. */
  readonly board: string;
  /** URL of persistence, for openPersistence; may hold a password. */
  readonly persistence: string;
  /** Directories with plugins, absolute. */
  readonly flows: readonly string[];
  readonly slots: number;
  readonly leaseMs: number;
  /** How long claims are kept while persistence does not answer (P-35). */
  readonly patienceMs: number;
  readonly drainTimeoutMs: number;
  /** What must be so for the agent to take any job; capabilities that are built in. */
  readonly onlyWhen: readonly Clause[];
  readonly runner: "process" | "thread";
  /** What flow code may keep in the heap of its process or thread, bytes; Node's own by default. */
  readonly memory?: number;
  /** How much of the jobs that are over is kept: days, number of jobs, bytes. */
  readonly retention: { readonly days: number; readonly jobs: number; readonly bytes: number };
  /** What tasks write: how much of it is kept of one job, bytes. */
  readonly logs: { readonly bytesPerJob: number };
  /** Labels by which jobs may ask for this agent. */
  readonly tags: Readonly<Record<string, string>>;
  /** The range of which the fact `free_ports` tells: lowest and highest, both included. */
  readonly freePorts: PortRange;
  /** Facts that are so whatever the machine shows. */
  readonly facts: Overrides;
  readonly logLevel: LogLevel;
  /** What is called when a job is over. */
  readonly hooks: readonly HookSetting[];
}

/** What is to hear of jobs that are over. */
export interface HookSetting {
  readonly on: readonly HookState[];
  /** Names; all when there are none. */
  readonly flows?: readonly string[];
  readonly act:
    { readonly url: string; readonly secret?: string } | { readonly command: readonly string[] };
  readonly timeLimitMs: number;
  /** For people, without what may be secret. */
  readonly shown: string;
}

export const HOOK_STATES = ["SUCCESS", "FAILURE", "REVERTED", "CANCELLED", "SUSPENDED"] as const;
export type HookState = (typeof HOOK_STATES)[number];

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
