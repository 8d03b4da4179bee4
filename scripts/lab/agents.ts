import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { onHost, type Host } from "./hosts.js";
import { familyOf, signal, stillAlive } from "./processes.js";
import { until } from "./until.js";

/** The built command line; `npm run build` makes it. */
export const MAIN = join(import.meta.dirname, "..", "..", "dist", "cli", "main.js");

const READY_WITHIN_MS = 20_000;
/** After SIGTERM an agent hands its jobs over; longer than its own drain limit in tests. */
const STOP_WITHIN_MS = 10_000;
/** What its runners, guards and their commands get to notice that the agent is gone. */
const FAMILY_WITHIN_MS = 3_000;

export interface AgentOptions {
  readonly name: string;
  readonly port: number;
  /** The SQLite file that holds board and jobs; without one `args` say where they are. */
  readonly database?: string;
  /** Where the agent keeps its identity; one directory may serve several names. */
  readonly stateHome: string;
  /** Further arguments of `jobrunner run`. */
  readonly args?: readonly string[];
  /** Arguments of Node itself. */
  readonly node?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The entry of another installation than this tree's. */
  readonly main?: string;
  /** The machine it runs on, where it listens on all addresses; default the loopback of this one. */
  readonly host?: Host;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface AgentProcess extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Everything it wrote so far, both streams. */
  output(): string;
  /** Resolves when /readyz says 200; rejects with its output when it ends or stays unready. */
  ready(withinMs?: number): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, as a service manager would; rejects when it does not end in time. */
  stop(): Promise<Exit>;
}

/** Starts `jobrunner run` from dist; dispose kills it and everything it left. */
export function startAgent(options: AgentOptions): AgentProcess {
  const { name, port, database, stateHome, host, main = MAIN } = options;
  const file = database === undefined ? [] : ["--database", database];
  const where = ["--listen", `${host === undefined ? "127.0.0.1" : "0.0.0.0"}:${port}`, ...file];
  const entry = [...(options.node ?? []), main, "run", "--name", name];
  const words = [...entry, ...where, ...(options.args ?? [])];
  const [program, ...args] = onHost([process.execPath, ...words], host);
  const child = spawn(program, args, {
    env: { ...process.env, ...homes(stateHome), NO_COLOR: "1", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid === undefined) throw new Error(`could not start ${MAIN}`);
  const url = `http://${host?.address ?? "127.0.0.1"}:${String(port)}`;
  return watch(child, { name, url, pid: child.pid });
}

/** Settings of whoever started us are not this agent's. */
function homes(directory: string): Readonly<Record<string, string>> {
  const config = join(directory, "config");
  return { XDG_STATE_HOME: directory, XDG_CONFIG_HOME: config, CONFIGURATION_DIRECTORY: config };
}

type Known = Pick<AgentProcess, "name" | "url" | "pid">;

function watch(child: ChildProcess, known: Known): AgentProcess {
  let output = "";
  child.stdout?.on("data", (part: Buffer) => (output += part.toString()));
  child.stderr?.on("data", (part: Buffer) => (output += part.toString()));
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, name) => {
      resolve({ code, signal: name });
    });
  });
  const agent: AgentProcess = {
    ...known,
    exited,
    output: () => output,
    ready: (withinMs = READY_WITHIN_MS) => ready(agent, child, withinMs),
    signal: (name) => {
      signal(known.pid, name);
    },
    stop: () => {
      signal(known.pid, "SIGTERM");
      return within(exited, STOP_WITHIN_MS, () => `${known.name} ignores SIGTERM:\n${output}`);
    },
    [Symbol.asyncDispose]: () => dispose(agent),
  };
  return agent;
}

async function ready(agent: AgentProcess, child: ChildProcess, withinMs: number): Promise<void> {
  const look = async (): Promise<boolean> => child.exitCode !== null || (await isReady(agent.url));
  await until(look, { withinMs, everyMs: 50, what: `${agent.name} to be ready` }).catch(
    (error: unknown) => {
      throw new Error(`${String(error)}\n${agent.output()}`, { cause: error });
    },
  );
  if (child.exitCode === null) return;
  throw new Error(`${agent.name} ended with ${String(child.exitCode)}:\n${agent.output()}`);
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
  await answer.body?.cancel();
  return answer.status === 200;
}

async function dispose(agent: AgentProcess): Promise<void> {
  const family = familyOf(agent.pid);
  signal(agent.pid, "SIGKILL");
  if (family.length === 0) return;
  await agent.exited;
  await until(() => stillAlive(family).length === 0, { withinMs: FAMILY_WITHIN_MS }).catch(() => {
    for (const { pid } of stillAlive(family)) signal(pid, "SIGKILL");
  });
}

function within<T>(work: Promise<T>, ms: number, complaint: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(complaint()));
    }, ms);
  });
  return Promise.race([work, late]).finally(() => {
    clearTimeout(timer);
  });
}
