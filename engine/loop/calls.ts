import { hasCode, JobrunnerError } from "../../common/error.js";
import { toFailure } from "../../common/failure.js";
import type { Json } from "../../common/json.js";
import type { CallHooks, Outcome } from "../bodies.js";
import type { AtomNode } from "../compile/node.js";

/** How long a body may go on after its signal has aborted before it is given up, ms. */
export const SETTLE_MS = 5_000;

export interface CallsOptions {
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Makes a saved value durable. */
  saved(atom: AtomNode, value: Json): Promise<void>;
  progress(atom: AtomNode, fraction: number, note: string | undefined): void;
  /** A body came to its end. */
  settled(atom: AtomNode, outcome: Outcome): void;
  /** A body was stopped on purpose and did not come to an end: its atom stays as it is. */
  left(atom: AtomNode): void;
  /** Ends what a call started; it is given up only when that is gone. */
  kill(atom: AtomNode): Promise<void>;
  /** The ownership or the runner is gone: nothing that is known can be written any more. */
  lost(error: Error): void;
}

export interface CallRequest {
  readonly atom: AtomNode;
  readonly reverting: boolean;
  readonly timeoutMs: number | undefined;
  invoke(hooks: CallHooks): Promise<Json>;
}

interface Call {
  readonly request: CallRequest;
  readonly controller: AbortController;
  /** Ends the timers of the call; most have none. */
  done: AbortController | undefined;
  /** Stopped for the next owner: only a good end still counts. */
  leaving: boolean;
}

/** Nobody looks at it: one for all is cheaper than one each. */
const OVER = new Error("the call is over");

/** The bodies that run now, each with its signal and its time limit. */
export class Calls {
  readonly #options: CallsOptions;
  readonly #running = new Map<AtomNode, Call>();

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#running.size;
  }

  start(request: CallRequest): void {
    const call: Call = {
      request,
      controller: new AbortController(),
      done: undefined,
      leaving: false,
    };
    this.#running.set(request.atom, call);
    void this.#run(call);
    if (request.timeoutMs !== undefined) void this.#limit(call, request.timeoutMs);
  }

  /** Tells bodies to stop; what they make of it counts as their outcome. */
  abort(reason: Error, concerns: (request: CallRequest) => boolean): void {
    for (const call of this.#running.values()) {
      if (concerns(call.request)) this.#abort(call, reason);
    }
  }

  /**
   * Tells bodies to stop for the next owner; those that do not end well within `settleMs` are left
   * as they are.
   */
  leave(reason: Error, concerns: (request: CallRequest) => boolean, settleMs: number): void {
    for (const call of this.#running.values()) {
      if (!concerns(call.request)) continue;
      call.leaving = true;
      call.controller.abort(reason);
      void this.#forsake(call, settleMs);
    }
  }

  /** Tells all bodies to stop and forgets them. */
  drop(reason: Error): void {
    const calls = [...this.#running.values()];
    this.#running.clear();
    for (const call of calls) {
      call.done?.abort(OVER);
      call.controller.abort(reason);
    }
  }

  async #run(call: Call): Promise<void> {
    const { atom, invoke } = call.request;
    const hooks: CallHooks = {
      signal: call.controller.signal,
      saved: (value) => this.#saved(call, value),
      progress: (fraction, note) => {
        if (this.#isCurrent(call)) this.#options.progress(atom, fraction, note);
      },
    };
    try {
      this.#settle(call, { ok: true, value: (await invoke(hooks)) ?? null });
    } catch (error) {
      if (!this.#isCurrent(call)) return;
      if (hasCode(error, "OWNERSHIP_LOST", "RUNNER_DIED")) return this.#options.lost(error);
      this.#settle(call, { ok: false, failure: toFailure(error) });
    }
  }

  async #saved(call: Call, value: Json): Promise<void> {
    if (this.#isCurrent(call)) return this.#options.saved(call.request.atom, value);
    const name = call.request.atom.name;
    throw new JobrunnerError("OWNERSHIP_LOST", `"${name}" is over: its value cannot be saved`);
  }

  #settle(call: Call, outcome: Outcome): void {
    if (!this.#isCurrent(call)) return;
    this.#running.delete(call.request.atom);
    call.done?.abort(OVER);
    if (call.leaving && !outcome.ok) this.#options.left(call.request.atom);
    else this.#options.settled(call.request.atom, outcome);
  }

  async #limit(call: Call, timeoutMs: number): Promise<void> {
    await this.#pause(call, timeoutMs);
    if (!this.#isCurrent(call)) return;
    const error = new Error(`"${call.request.atom.name}" took longer than ${timeoutMs} ms`);
    error.name = "TimeoutError";
    this.#abort(call, error);
  }

  #abort(call: Call, reason: Error): void {
    if (call.controller.signal.aborted) return;
    call.controller.abort(reason);
    void this.#giveUp(call, reason);
  }

  /** A body that does not listen must not hold up the flow for ever. */
  async #giveUp(call: Call, reason: Error): Promise<void> {
    await this.#pause(call, SETTLE_MS);
    if (this.#isCurrent(call)) await this.#options.kill(call.request.atom);
    this.#settle(call, { ok: false, failure: toFailure(reason) });
  }

  async #forsake(call: Call, settleMs: number): Promise<void> {
    await this.#pause(call, settleMs);
    if (this.#isCurrent(call)) await this.#options.kill(call.request.atom);
    if (!this.#isCurrent(call)) return;
    this.#running.delete(call.request.atom);
    call.done?.abort(OVER);
    this.#options.left(call.request.atom);
  }

  /** Ends early when the call does. */
  #pause(call: Call, ms: number): Promise<void> {
    call.done ??= new AbortController();
    return this.#options.sleep(ms, call.done.signal);
  }

  #isCurrent(call: Call): boolean {
    return this.#running.get(call.request.atom) === call;
  }
}
