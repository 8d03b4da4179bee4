import type { Logger } from "pino";
import type { Clock } from "../../common/clock.js";
import { hasCode } from "../../common/error.js";
import type { JobState } from "../../common/job.js";
import { eitherSignal } from "../../common/signals/either.js";
import { untilTick } from "../../common/time/tick.js";
import type { JobDetailView } from "../../common/wire.js";
import type { HookBody } from "../../common/wire/hooks.js";
import type { HookSetting } from "../../config/config.js";
import type { HookCall, HookStore, TakenCall } from "../../persistence/persistence.js";
import { toTime } from "../jobs/views.js";
import { callsFor, type HookBook, named, type NamedHook } from "./book.js";
import { callUrl } from "./call-url.js";
import { runCommand } from "./run-command.js";

/** Between two looks when nothing is due before, ms: other agents do not say what they left. */
export const LOOK_EVERY_MS = 30_000;
/** Calls of a hook at a time, by this agent: one that hangs keeps no other from being called. */
const AT_ONCE = 2;
/** Before a call that failed is made again, ms: twice as long each time. */
const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 10 * 60_000;
/** After the job's end: a call that still fails is given up, ms. */
export const GIVE_UP_MS = 24 * 3_600_000;
/** And not before so many tries: all machines may have slept in between. */
const TRIES_MIN = 5;
/** Beside a call's own time: until others believe that the agent that took it has died, ms. */
const LEASE_MORE_MS = 30_000;
/** A call that nobody took for so long is of a hook that no agent has any more, ms. */
export const FORSAKEN_MS = 7 * 24 * 3_600_000;
/**
 * Before the first look for such calls, and between two, ms: after a long pause of all agents those
 * that have the hook get so long to take what lies there. And how many one look ends.
 */
export const FORSAKE_EVERY_MS = 3_600_000;
const FORSAKEN_MAX = 100;
/** Pause after persistence failed, ms. */
const TROUBLE_MS = 2_000;

export interface HookMetrics {
  /** `ms`: how long it took, if it was called. */
  hookCalled(result: "done" | "failed" | "given_up", ms?: number): void;
}

export interface HooksOptions {
  readonly settings: readonly HookSetting[];
  readonly hooks: HookStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: HookMetrics;
  /** Name of this agent. */
  readonly agent: string;
  /** Throws NOT_FOUND when it is gone. */
  detail(job: string): Promise<JobDetailView>;
}

/**
 * Calls what the settings name when a job is over, or SUSPENDED. The call is written with the
 * job's state, in one transaction, and forgotten when it was made: whoever dies in between leaves
 * it to another agent with the same hook, so that each is made at least once, if within a day.
 * One whose hook has left all settings is ended by any agent that has others.
 *
 *   written with the state -> taken -> made -> forgotten
 *                               ^--- later --'
 */
export class Hooks implements HookBook {
  readonly #options: HooksOptions;
  readonly #hooks: readonly NamedHook[];
  readonly #leaseMs: number;
  readonly #stop = new AbortController();
  /** With the hook of each. */
  readonly #running = new Map<Promise<void>, string>();
  #wake = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  /** Who waits for a look that finds nothing to do. */
  readonly #settling = new Set<() => void>();
  /** Calls that were taken so far. */
  #begun = 0;
  #persistenceOk = true;
  /** Monotonic, ms. */
  #forsakeAt: number;

  constructor(options: HooksOptions) {
    this.#options = options;
    this.#hooks = named(options.settings);
    this.#forsakeAt = options.clock.monotonic() + FORSAKE_EVERY_MS;
    this.#leaseMs = Math.max(0, ...this.#hooks.map((hook) => hook.timeLimitMs)) + LEASE_MORE_MS;
  }

  callsOf(owner: string, flow: string, state: JobState): readonly HookCall[] {
    return callsFor(this.#hooks, { owner, flow, state });
  }

  wake(): void {
    this.#wake.abort();
  }

  /** Without hooks nothing is ever looked at. */
  start(): void {
    if (this.#hooks.length > 0) this.#loop = this.#run();
  }

  /** Resolves when nothing is being called and no call is due now, or the signal aborts. */
  async settled(signal: AbortSignal): Promise<void> {
    if (this.#hooks.length === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#settling.add(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      this.wake();
    });
  }

  /** What is being called is left to others, or to this agent's next life. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#loop;
    await Promise.all(this.#running.keys());
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // Before the look: who wakes it meanwhile has written what it may not have seen.
      this.#wake = new AbortController();
      const waitMs = await this.#look();
      if (this.#stop.signal.aborted) return;
      await this.#options.clock.sleep(waitMs, this.#wake.signal);
    }
  }

  /** Resolves with the time until the next look, ms. */
  async #look(): Promise<number> {
    const { log, clock } = this.#options;
    let waitMs = LOOK_EVERY_MS;
    const settling = this.#running.size === 0 ? [...this.#settling] : [];
    const before = this.#begun;
    try {
      for (const name of new Set(this.#hooks.map((hook) => hook.name))) {
        waitMs = Math.min(waitMs, await this.#take(name));
      }
      await this.#forsake();
      this.#persistenceOk = true;
      if (this.#begun === before) for (const tell of settling) tell();
      // Nothing is known to come due: with whatever else the agent wakes for.
      return waitMs < LOOK_EVERY_MS ? waitMs : untilTick(waitMs, clock.monotonic());
    } catch (error) {
      if (this.#persistenceOk) log.warn({ err: error }, "hooks cannot be looked at");
      this.#persistenceOk = false;
      return TROUBLE_MS;
    }
  }

  /** Resolves with the time until calls of this hook are due, ms. */
  async #take(hook: string): Promise<number> {
    const limit = AT_ONCE - [...this.#running.values()].filter((name) => name === hook).length;
    if (limit === 0) return LOOK_EVERY_MS; // Whichever is done wakes it.
    const taking = { hooks: [hook], limit, leaseMs: this.#leaseMs };
    const taken = await this.#options.hooks.take(taking);
    for (const call of taken.calls) this.#begin(call, taken.now);
    return taken.nextInMs ?? LOOK_EVERY_MS;
  }

  async #forsake(): Promise<void> {
    const { hooks: store, clock, log, metrics } = this.#options;
    if (clock.monotonic() < this.#forsakeAt) return;
    const hooks = this.#hooks.map(({ name }) => name);
    const old = { hooks, overdueMs: FORSAKEN_MS, limit: FORSAKEN_MAX };
    for (const { job: jobId, hook, state, tries } of await store.forsake(old)) {
      log.error(
        { jobId, hook, state, tries },
        "no agent has had a call's hook for a week: given up",
      );
      metrics.hookCalled("given_up");
    }
    this.#forsakeAt = clock.monotonic() + FORSAKE_EVERY_MS;
  }

  #begin(call: TakenCall, now: number): void {
    this.#begun += 1;
    const running: Promise<void> = this.#settle(call, now)
      .catch((error: unknown) => {
        // Its lease ends, and it is called once more.
        this.#options.log.warn({ jobId: call.job, err: error }, "a hook's call is not noted");
      })
      .finally(() => {
        this.#running.delete(running);
        this.wake();
      });
    this.#running.set(running, call.hook);
  }

  async #settle(call: TakenCall, now: number): Promise<void> {
    const { hooks, clock, log, metrics } = this.#options;
    const hook = this.#hooks.find(({ name }) => name === call.hook);
    if (hook === undefined) return;
    const begunAt = clock.monotonic();
    const told = { jobId: call.job, state: call.state, hook: hook.shown, tries: call.tries };
    const count = (result: Parameters<HookMetrics["hookCalled"]>[0]): void =>
      metrics.hookCalled(result, clock.monotonic() - begunAt);
    try {
      await this.#call(hook, call);
      await hooks.done(call.id);
      count("done");
    } catch (error) {
      if (hasCode(error, "PERSISTENCE_DOWN")) throw error;
      if (this.#stop.signal.aborted) return hooks.later(call.id, 0);
      const isLast = now - call.at > GIVE_UP_MS && call.tries >= TRIES_MIN;
      count(isLast ? "given_up" : "failed");
      if (isLast) {
        log.error({ ...told, err: error }, "a hook failed for a day: given up");
        return hooks.done(call.id);
      }
      const inMs = Math.min(PAUSE_MS * 2 ** (call.tries - 1), PAUSE_MS_MAX);
      log.warn({ ...told, err: error, againInMs: inMs }, "a hook failed; it is called again");
      await hooks.later(call.id, inMs);
    }
  }

  async #call({ act, timeLimitMs }: NamedHook, call: TakenCall): Promise<void> {
    const body = await this.#bodyOf(call);
    if (body === undefined) return; // Its job was removed meanwhile.
    const limit = new AbortController();
    const signal = eitherSignal(this.#stop.signal, limit.signal);
    const timer = setTimeout(() => {
      limit.abort(new Error(`it took longer than ${timeLimitMs} ms`));
    }, timeLimitMs);
    try {
      if ("command" in act) await runCommand(act.command, body, signal);
      else await callUrl(act, { delivery: call.id, body: JSON.stringify(body) }, signal);
    } catch (error) {
      throw limit.signal.aborted ? limit.signal.reason : error;
    } finally {
      clearTimeout(timer);
      limit.abort(); // Leaves nothing at the signal that lasts.
    }
  }

  async #bodyOf({ id, job: jobId, state, at }: TakenCall): Promise<HookBody | undefined> {
    try {
      const { agent } = this.#options;
      const { failures, params, needs, owners, tree, outputs, ...job } =
        await this.#options.detail(jobId);
      void [params, needs, owners, tree, outputs]; // Too much, or nobody else's business.
      return { delivery: id, state, at: toTime(at), agent, job, failures };
    } catch (error) {
      if (hasCode(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }
}
