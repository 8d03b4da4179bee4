import { BUILTIN_CAPABILITIES } from "../../capabilities/builtin/all.js";
import type { Clock } from "../../common/clock.js";
import { hasCode, JobrunnerError } from "../../common/error.js";
import type { Said } from "../../common/log.js";
import { Connection } from "./connection.js";
import { openProcess } from "./transport/process.js";
import type { Deadline, Manifest, PluginProblem } from "./runner.js";
import { openThread } from "./transport/thread.js";

/** Something about runners that a person may want to read tomorrow. */
export interface RunnerEvent {
  readonly event: "started" | "ended" | "stopped" | "output";
  readonly runner: string;
  readonly pid?: number;
  /** How it ended, or the line it wrote. */
  readonly detail?: string;
}

export interface PoolOptions {
  /** Directories with plugins, besides the built-in flows. */
  readonly flows: readonly string[];
  readonly agent: string;
  readonly clock: Clock;
  /** Default `process`. */
  readonly transport?: "process" | "thread";
  /** Time without jobs and questions after which a runner is stopped, ms; default 60,000. */
  readonly idleMs?: number;
  /** Shared runners at a time; more than one only while one is blocked. Default 4. */
  readonly runnersMax?: number;
  /** Heap limit of a runner, MiB. */
  readonly memoryMb?: number;
  /** Where transpiled plugins are kept; must be writable by this user only. */
  readonly cache?: string;
  notify?(event: RunnerEvent): void;
}

/** For loading all plugins, ms: user code that never comes back. */
const LOAD_LIMIT_MS = 60_000;
/** For a sign of life of a runner that is at work, ms: far above a slow turn of its loop. */
const RESPONSE_LIMIT_MS = 200;
/** Between two tries while no runner can be started, ms. */
const RECOVER_MS = 2_000;
const RUNNERS_MAX = 4;
const BUILTIN = [...BUILTIN_CAPABILITIES.keys()];
const IDLE_MS = 60_000;

interface Kept {
  readonly connection: Connection;
  readonly alone: boolean;
  stopping: boolean;
  /** Ends the wait for idleness. */
  busy: AbortController;
  readonly gone: Promise<void>;
}

/** Starts runners when they are needed, replaces those that die, stops those that idle. */
export class RunnerPool {
  readonly #options: PoolOptions;
  readonly #log: (session: number, said: Said) => void;
  readonly #kept = new Map<Connection, Kept>();
  /** Plugins that ended or blocked a runner while they were loading, with how. */
  readonly #culprits = new Map<string, string>();
  readonly #disposed = new AbortController();
  #deadline: Deadline | undefined;
  #started = 0;
  #trouble: string | undefined;

  constructor(options: PoolOptions, log: (session: number, said: Said) => void) {
    this.#options = options;
    this.#log = log;
  }

  /**
   * A runner whose plugins are loaded, and what they declare; `alone`: for one job only. A runner
   * that died by loading a plugin is replaced by one without that plugin.
   */
  async get(alone: boolean): Promise<{ connection: Connection; manifest: Manifest }> {
    for (;;) {
      const known = this.#culprits.size;
      try {
        const connection = alone ? this.#start(true) : await this.#pick();
        const manifest = await this.#loaded(connection);
        this.#trouble = undefined;
        return { connection, manifest: this.#withCulprits(manifest) };
      } catch (error) {
        if (this.#culprits.size > known) continue; // A plugin's doing.
        if (hasCode(error, "NO_RUNNER")) this.#missed(error);
        throw error;
      }
    }
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** The machine's trouble, or that of the installation: tried again until it is over. */
  #missed(error: Error): void {
    const known = this.#trouble !== undefined;
    this.#trouble = error.message;
    if (!known) void this.#recover();
  }

  async #recover(): Promise<void> {
    const { signal } = this.#disposed;
    while (this.#trouble !== undefined) {
      await this.#options.clock.sleep(RECOVER_MS, signal);
      if (signal.aborted) return;
      try {
        this.settle((await this.get(false)).connection);
      } catch {
        continue; // What is wrong is in `trouble`.
      }
    }
  }

  /** The connection has less to do than before: it is stopped when it stays idle, or was alone. */
  settle(connection: Connection): void {
    const kept = this.#kept.get(connection);
    if (kept === undefined || kept.stopping || !connection.idle) return;
    if (kept.alone) return this.#stop(kept);
    const { clock, idleMs = IDLE_MS } = this.#options;
    kept.busy.abort();
    kept.busy = new AbortController();
    const { signal } = kept.busy;
    void clock.sleep(idleMs, signal).then(() => {
      if (!signal.aborted && connection.idle) this.#stop(kept);
    });
  }

  beat(deadline: Deadline): void {
    this.#deadline = deadline;
    for (const connection of this.#kept.keys()) connection.beat(deadline);
  }

  async dispose(): Promise<void> {
    this.#disposed.abort();
    const all = [...this.#kept.values()];
    for (const kept of all) this.#stop(kept);
    await Promise.all(all.map((kept) => kept.gone));
  }

  /** The least loaded runner whose event loop turns; else a new one. */
  async #pick(): Promise<Connection> {
    const shared = this.#shared();
    const asked = shared.map(async (each) =>
      (await each.responsive(RESPONSE_LIMIT_MS)) ? each : undefined,
    );
    const turning = (await Promise.all(asked)).filter((each) => each !== undefined);
    // Somebody else may have started one, or stopped these, meanwhile.
    const now = this.#shared();
    const usable = now.filter((each) => turning.includes(each) || !shared.includes(each));
    const max = this.#options.runnersMax ?? RUNNERS_MAX;
    if (usable.length === 0 && now.length < max) return this.#start(false);
    const from = usable.length > 0 ? usable : now;
    return from.reduce((best, each) => (each.load < best.load ? each : best));
  }

  #shared(): readonly Connection[] {
    const kept = [...this.#kept.values()].filter((each) => !each.alone && !each.stopping);
    return kept.map((each) => each.connection).filter((each) => !each.dead);
  }

  async #loaded(connection: Connection): Promise<Manifest> {
    const loaded = new AbortController();
    void this.#options.clock.sleep(LOAD_LIMIT_MS, loaded.signal).then(() => {
      if (!loaded.signal.aborted) connection.end();
    });
    try {
      return await connection.manifest();
    } finally {
      loaded.abort();
    }
  }

  #withCulprits(manifest: Manifest): Manifest {
    const more = [...this.#culprits].map(([file, how]): PluginProblem => ({
      file,
      message: `loading it ended the runner (${how}): the file of a flow must only define it`,
    }));
    return { ...manifest, problems: [...manifest.problems, ...more] };
  }

  #start(alone: boolean): Connection {
    if (this.#disposed.signal.aborted) {
      throw new JobrunnerError("NO_RUNNER", "The agent is stopping.", { retryable: true });
    }
    const { clock, transport = "process", memoryMb, notify, flows, agent, cache } = this.#options;
    const name = `r${++this.#started}`;
    let gone: () => void = () => undefined;
    const connection: Connection = new Connection({
      name,
      clock,
      settings: { flows, agent, cache, builtin: BUILTIN, skip: [...this.#culprits.keys()] },
      open: transport === "thread" ? openThread : openProcess,
      ...(memoryMb !== undefined && { memoryMb }),
      output: (line) => notify?.({ event: "output", runner: name, detail: line }),
      log: this.#log,
      ended: (how, loading) => {
        if (loading !== undefined && !kept.stopping) this.#culprits.set(loading, how);
        this.#kept.delete(connection);
        kept.busy.abort();
        notify?.({ event: kept.stopping ? "stopped" : "ended", runner: name, detail: how });
        gone();
      },
    });
    const kept: Kept = {
      connection,
      alone,
      stopping: false,
      busy: new AbortController(),
      gone: new Promise((resolve) => {
        gone = resolve;
      }),
    };
    this.#kept.set(connection, kept);
    const { pid } = connection;
    notify?.({ event: "started", runner: name, ...(pid !== undefined && { pid }) });
    if (this.#deadline !== undefined) connection.beat(this.#deadline);
    return connection;
  }

  #stop(kept: Kept): void {
    kept.stopping = true;
    kept.busy.abort();
    kept.connection.end();
  }
}
