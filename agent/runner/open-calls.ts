import type { Clock } from "../../common/clock.js";
import type { CallHooks } from "../../engine/bodies.js";
import { AbortFan } from "./abort-fan.js";
import type { Ask } from "./messages.js";

/** One question and what belongs to it while it is open. */
export interface Asking {
  readonly ask: Ask;
  readonly session?: number;
  readonly hooks?: CallHooks;
  /** Rejected with NotBegun when it does not come to its turn within so long, ms. */
  readonly beginMs?: number;
  /** Then the runner is killed: it can no longer be trusted to stop by itself. */
  readonly limitMs?: number;
  /** What the question is rejected with when the limit is over. */
  onLimit?(): Error;
}

/** Somebody else's code keeps the runner: the question may be asked elsewhere. */
export class NotBegun extends Error {}

export interface OpenCallsOptions {
  readonly clock: Clock;
  abort(id: number, reason: unknown): void;
  /** The call is over for the agent, however it ended. */
  over(id: number): void;
  /** Whether the runner's event loop turns. */
  turns(): Promise<boolean>;
  kill(): void;
}

/** For a body to end after it was told to stop, ms, in a runner that does not even turn. */
const BLOCKED_GRACE_MS = 5_000;
/** The same in one that turns: the body may be cleaning up, and others work beside it. */
const ABORT_GRACE_MS = 30_000;

interface Open {
  readonly asking: Asking;
  /** Ends the waiting for its limits. */
  done: AbortController | undefined;
  /** Ends the waiting for its turn. */
  readonly begun: AbortController;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The questions that wait for an answer of one runner, and how long they may. */
export class OpenCalls {
  readonly #options: OpenCallsOptions;
  readonly #open = new Map<number, Open>();
  readonly #aborts: AbortFan;

  constructor(options: OpenCallsOptions) {
    this.#options = options;
    this.#aborts = new AbortFan((id, reason) => {
      options.abort(id, reason);
      void this.#insist(id);
    });
  }

  get size(): number {
    return this.#open.size;
  }

  get(id: number): Asking | undefined {
    return this.#open.get(id)?.asking;
  }

  /** The calls of a session; of one atom of it when that is given. */
  idsOf(session: number, atom?: string): readonly number[] {
    return [...this.#open].flatMap(([id, { asking }]) => {
      const { ask } = asking;
      const fits = atom === undefined || (ask.ask === "call" && ask.call.atom === atom);
      return asking.session === session && fits ? [id] : [];
    });
  }

  add(id: number, asking: Asking): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const begun = new AbortController();
      this.#open.set(id, { asking, done: undefined, begun, resolve, reject });
      if (asking.beginMs !== undefined) void this.#expectTurn(id, asking.beginMs, begun.signal);
      if (asking.hooks !== undefined) this.#aborts.add(asking.hooks.signal, id);
      if (asking.limitMs !== undefined) void this.#limit(id, asking.limitMs);
    });
  }

  began(id: number): void {
    this.#open.get(id)?.begun.abort();
  }

  resolve(id: number, value: unknown): void {
    this.#settle(id)?.resolve(value);
  }

  reject(id: number, error: Error): void {
    this.#settle(id)?.reject(error);
  }

  rejectSession(session: number, error: Error): void {
    for (const [id, { asking }] of [...this.#open]) {
      if (asking.session === session) this.reject(id, error);
    }
  }

  rejectAll(error: Error): void {
    for (const id of [...this.#open.keys()]) this.reject(id, error);
  }

  #settle(id: number): Open | undefined {
    const open = this.#open.get(id);
    if (open === undefined) return undefined;
    this.#open.delete(id);
    this.#options.over(id);
    const { hooks } = open.asking;
    if (hooks !== undefined) this.#aborts.remove(hooks.signal, id);
    open.done?.abort();
    open.begun.abort();
    return open;
  }

  async #expectTurn(id: number, ms: number, begun: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(ms, begun);
    if (!begun.aborted) this.reject(id, new NotBegun("the runner is kept by other code"));
  }

  async #limit(id: number, limitMs: number): Promise<void> {
    const asking = this.get(id);
    if (asking === undefined || (await this.#ended(id, limitMs))) return;
    const error = asking.onLimit?.();
    if (error !== undefined) this.reject(id, error);
    this.#options.kill();
  }

  /** A body that was told to stop and goes on is stopped with its runner. */
  async #insist(id: number): Promise<void> {
    if (await this.#ended(id, BLOCKED_GRACE_MS)) return;
    if (!(await this.#options.turns())) return this.#options.kill();
    if (await this.#ended(id, ABORT_GRACE_MS - BLOCKED_GRACE_MS)) return;
    this.#options.kill();
  }

  /** Whether the call is over within so many milliseconds. */
  async #ended(id: number, ms: number): Promise<boolean> {
    const open = this.#open.get(id);
    if (open === undefined) return true;
    open.done ??= new AbortController();
    await this.#options.clock.sleep(ms, open.done.signal);
    return open.done.signal.aborted;
  }
}
