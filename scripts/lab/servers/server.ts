import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { signal } from "../processes.js";
import { until } from "../until.js";

/** How a server is started, and how one sees that it answers. */
export interface ServerPlan {
  /** For messages and the name of its log. */
  readonly name: string;
  /** Where its data and its log are; kept over a restart. */
  readonly dir: string;
  readonly command: readonly [program: string, ...args: string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** Resolves to true when the server answers. */
  readonly answers: () => Promise<boolean>;
  readonly readyWithinMs: number;
}

const STOP_WITHIN_MS = 15_000;

/**
 * A real server as a process of ours: on the loopback, with its data in a folder of its own. It may
 * be killed, stopped in the middle and started again on the same port and data; dispose kills it.
 */
export class ServerProcess implements AsyncDisposable {
  readonly #plan: ServerPlan;
  #child: ChildProcess | undefined;

  private constructor(plan: ServerPlan) {
    this.#plan = plan;
  }

  /** Resolves when the server answers; rejects with the end of its log when it does not. */
  static async start(plan: ServerPlan): Promise<ServerProcess> {
    mkdirSync(plan.dir, { recursive: true });
    const server = new ServerProcess(plan);
    try {
      await server.start();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** The running process; rejects the caller's mistake of asking while it is down. */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.#plan.name} is not running`);
    return pid;
  }

  /** Starts it again after kill() or stop(): same port, same data. */
  async start(): Promise<void> {
    const { name, command, env, readyWithinMs } = this.#plan;
    const [program, ...args] = command;
    const log = openSync(this.#log, "a");
    const child = spawn(program, args, {
      env: { ...process.env, PATH: pathWithSbin(), ...env },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.#child = child;
    child.once("error", () => undefined); // No such program: it never answers, told below.
    const look = async (): Promise<boolean> => ended(child) || (await this.#plan.answers());
    const what = `${name} to answer`;
    await until(look, { withinMs: readyWithinMs, everyMs: 30, what }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.logEnd()}`, { cause: error });
    });
    if (ended(child)) throw new Error(`${name} ended at once:\n${this.logEnd()}`);
  }

  /** SIGKILL, as a power cut; resolves when the process is gone. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** SIGTERM, as a service manager; SIGKILL when that takes too long. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Freezes it: connections stay open and nothing answers. */
  pause(): void {
    signal(this.pid, "SIGSTOP");
  }

  resume(): void {
    signal(this.pid, "SIGCONT");
  }

  /** The last lines it wrote. */
  logEnd(): string {
    return readFileSync(this.#log, "utf8").split("\n").slice(-20).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  get #log(): string {
    return join(this.#plan.dir, `${this.#plan.name}.log`);
  }

  async #end(name: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || ended(child)) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    const kill = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
    signal(child.pid, name);
    if (name === "SIGTERM") signal(child.pid, "SIGCONT"); // A frozen one would never notice.
    await gone;
    clearTimeout(kill);
  }
}

/** Debian keeps servers in /usr/sbin, which is not on everybody's PATH. */
function pathWithSbin(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return [...new Set([...folders, "/usr/sbin"])].join(delimiter);
}

function ended(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
