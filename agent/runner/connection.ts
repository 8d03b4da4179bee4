import type { Clock } from "../../common/clock.js";
import { JobrunnerError } from "../../common/error.js";
import type { CallHooks } from "../../engine/bodies.js";
import { AbortFan } from "./abort-fan.js";
import {
  type Ask,
  type FromRunner,
  fromWire,
  type HostSettings,
  type ToRunner,
  toWire,
} from "./messages.js";
import type { Deadline, Manifest } from "./runner.js";
import type { OpenTransport, Transport } from "./transport/transport.js";

export interface ConnectionOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly settings: HostSettings;
  readonly open: OpenTransport;
  readonly memoryMb?: number;
  output(line: string): void;
  log(session: number, atom: string, line: string): void;
  /** The runner is gone, with how; `loading` is the plugin it was loading then. */
  ended(how: string, loading: string | undefined): void;
}

/** One question and what belongs to it while it is open. */
export interface Asking {
  readonly ask: Ask;
  readonly session?: number;
  readonly hooks?: CallHooks;
  /** Then the runner is killed: it can no longer be trusted to stop by itself. */
  readonly limitMs?: number;
  /** What the question is rejected with when the limit is over. */
  onLimit?(): Error;
}

interface Open {
  readonly asking: Asking;
  readonly done: AbortController;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** One runner: questions out, answers in, and its end. */
export class Connection {
  readonly name: string;
  readonly #options: ConnectionOptions;
  readonly #transport: Transport;
  readonly #open = new Map<number, Open>();
  readonly #sessions = new Set<number>();
  readonly #ready: Promise<Manifest>;
  #becomeReady: (manifest: Manifest) => void = () => undefined;
  #failReady: (error: Error) => void = () => undefined;
  #loading: string | undefined;
  #dead: string | undefined;
  #why: string | undefined;
  #next = 1;
  readonly #aborts = new AbortFan((id, reason) => {
    this.#post({ kind: "abort", id, reason: toWire(reason, true) });
  });
  readonly #pings = new Map<number, AbortController>();

  constructor(options: ConnectionOptions) {
    this.name = options.name;
    this.#options = options;
    this.#ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve;
      this.#failReady = reject;
    });
    this.#ready.catch(() => undefined); // Whoever asks is told; nobody has to ask.
    this.#transport = options.open(
      {
        message: (message) => this.#take(message),
        output: options.output,
        ended: (how) => this.#end(how),
      },
      options.memoryMb === undefined ? {} : { memoryMb: options.memoryMb },
    );
    this.#post({ kind: "settings", settings: options.settings });
  }

  get pid(): number | undefined {
    return this.#transport.pid;
  }

  get dead(): boolean {
    return this.#dead !== undefined;
  }

  /** Nothing is opened here and nobody waits for an answer. */
  get idle(): boolean {
    return this.#sessions.size === 0 && this.#open.size === 0;
  }

  /** Jobs that are open here. */
  get load(): number {
    return this.#sessions.size;
  }

  /**
   * Whether its event loop turns: false when user code computes without a pause. A runner that
   * nobody waits for is not asked.
   */
  async responsive(limitMs: number): Promise<boolean> {
    if (this.#dead !== undefined) return false;
    if (this.#open.size === 0) return true;
    const ping = this.#next++;
    const answered = new AbortController();
    this.#pings.set(ping, answered);
    this.#post({ kind: "ping", ping });
    await this.#options.clock.sleep(limitMs, answered.signal);
    this.#pings.delete(ping);
    return answered.signal.aborted && !this.dead;
  }

  /** What its plugins declare, once they are loaded. */
  manifest(): Promise<Manifest> {
    return this.#ready;
  }

  hold(session: number): void {
    this.#sessions.add(session);
  }

  /** The session's calls are over for the agent, whatever its bodies still do. */
  release(session: number): void {
    if (!this.#sessions.delete(session)) return;
    this.#post({ kind: "close", session });
    for (const [id, { asking }] of [...this.#open]) {
      if (asking.session === session) this.#settle(id)?.reject(lost());
    }
  }

  ask(asking: Asking): Promise<unknown> {
    if (this.#dead !== undefined) return Promise.reject(this.#died(this.#dead));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const open: Open = { asking, done: new AbortController(), resolve, reject };
      this.#open.set(id, open);
      this.#watch(id, open);
      this.#post({ kind: "ask", id, ask: asking.ask });
    });
  }

  beat(deadline: Deadline): void {
    this.#post({ kind: "beat", deadline });
  }

  kill(): void {
    this.#transport.kill();
  }

  #post(message: ToRunner): void {
    if (this.#dead === undefined) this.#transport.post(message);
  }

  /** Aborts on behalf of the caller, and ends the runner when the limit is over. */
  #watch(id: number, open: Open): void {
    const { hooks, limitMs, onLimit } = open.asking;
    if (hooks !== undefined) this.#aborts.add(hooks.signal, id);
    if (limitMs === undefined) return;
    void this.#options.clock.sleep(limitMs, open.done.signal).then(() => {
      if (open.done.signal.aborted) return;
      this.#settle(id)?.reject(onLimit?.() ?? this.#died("it did not answer in time"));
      this.kill();
    });
  }

  #settle(id: number): Open | undefined {
    const open = this.#open.get(id);
    if (open === undefined) return undefined;
    this.#open.delete(id);
    const { hooks, limitMs } = open.asking;
    if (hooks !== undefined) this.#aborts.remove(hooks.signal, id);
    if (limitMs !== undefined) open.done.abort();
    return open;
  }

  #take(message: FromRunner): void {
    switch (message.kind) {
      case "loading":
        this.#loading = message.file;
        return;
      case "dying":
        this.#why = message.why;
        return;
      case "ready":
        this.#loading = undefined;
        return this.#becomeReady(message.manifest);
      case "answer":
        return this.#settle(message.id)?.resolve(message.value);
      case "refusal":
        return this.#settle(message.id)?.reject(fromWire(message.error));
      case "log":
        return this.#options.log(message.session, message.atom, message.line);
      case "progress":
        return this.#hooks(message.id)?.progress(message.fraction, message.note);
      case "save":
        return void this.#save(message);
      case "pong":
        this.#pings.get(message.ping)?.abort();
    }
  }

  #hooks(id: number): CallHooks | undefined {
    return this.#open.get(id)?.asking.hooks;
  }

  async #save(message: Extract<FromRunner, { kind: "save" }>): Promise<void> {
    const { id, save, value } = message;
    try {
      const hooks = this.#hooks(id);
      if (hooks === undefined) throw lost();
      await hooks.saved(value);
      this.#post({ kind: "saved", save });
    } catch (error) {
      this.#post({ kind: "saved", save, error: toWire(error, true) });
    }
  }

  #end(exit: string): void {
    const how = this.#why === undefined ? exit : `${exit}, ${this.#why}`;
    this.#dead = how;
    const error = this.#died(how);
    this.#failReady(error);
    for (const id of [...this.#open.keys()]) this.#settle(id)?.reject(error);
    this.#sessions.clear();
    for (const ping of this.#pings.values()) ping.abort();
    this.#options.ended(how, this.#loading);
  }

  #died(how: string): JobrunnerError {
    const message = `The runner ${this.name} ended in the middle of a call: ${how}.`;
    return new JobrunnerError("RUNNER_DIED", message, { retryable: true });
  }
}

function lost(): JobrunnerError {
  return new JobrunnerError("OWNERSHIP_LOST", "The job was closed here while its body ran.");
}
