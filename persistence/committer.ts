import { setTimeout as pause } from "node:timers/promises";
import { hasCode, JobrunnerError } from "../common/error.js";
import { isLarge } from "./large.js";
import type { Append, Persistence, Verdict } from "./persistence.js";

export interface CommitterOptions {
  /**
   * Told when persistence stops answering (with the error), and without one when it answers again
   * or nobody waits for it any more: what is asked next begins an outage of its own.
   */
  readonly onDown?: (error: JobrunnerError | undefined) => void;
  /** Resolves after `ms`; tests hand in their own. */
  readonly sleep?: (ms: number) => Promise<void>;
  /** 0..1, for jitter. */
  readonly random?: () => number;
}

/** Appends of all jobs that run on an agent, in shared transactions. */
export interface Committer extends AsyncDisposable {
  /**
   * Resolves once the append is durable, or refused (this ownership is over). While persistence is
   * down the identical append is sent again and again (P-19). Rejects with TOO_LARGE or NOT_JSON
   * when it can never be stored, and with the signal's reason as soon as that aborts: then it may
   * have happened, and only a raise tells. A job has one append under way at a time (P-18).
   */
  append(append: Append, signal?: AbortSignal): Promise<Verdict>;
}

/** Appends of one transaction: bounds how long the others wait. */
const BATCH_MAX = 500;
const PAUSE_MS_MIN = 50;
const PAUSE_MS_MAX = 2_000;

interface Pending {
  append: Append;
  readonly large: boolean;
  /** Nobody waits for it any more. */
  done: boolean;
  readonly resolve: (verdict: Verdict) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Group commit: while one batch is on its way the appends of the other jobs gather, and go
 * together next. There is no timer, so a job that is alone pays nothing for it.
 */
export function createCommitter(
  persistence: Pick<Persistence, "append">,
  options: CommitterOptions = {},
): Committer {
  const group = new Group(persistence, options);
  return {
    append: (append, signal) => group.add(append, signal),
    [Symbol.asyncDispose]: () => group.stop(),
  };
}

class Group {
  readonly #persistence: Pick<Persistence, "append">;
  readonly #options: CommitterOptions;
  #queue: Pending[] = [];
  #running: Promise<void> | undefined;
  #stopped = false;
  #pauseMs = 0;

  constructor(persistence: Pick<Persistence, "append">, options: CommitterOptions) {
    this.#persistence = persistence;
    this.#options = options;
  }

  add(append: Append, signal?: AbortSignal): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) throw stopped();
      signal?.throwIfAborted();
      const pending: Pending = {
        append,
        large: isLarge(append),
        done: false,
        resolve: (verdict) => settle(() => resolve(verdict)),
        reject: (reason) => settle(() => reject(reason)),
      };
      const onAbort = (): void => pending.reject(signal?.reason);
      const settle = (how: () => void): void => {
        signal?.removeEventListener("abort", onAbort);
        pending.done = true;
        how();
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(pending);
      this.#running ??= this.#run();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // A turn of the event loop, so that all jobs that heard of the last commit can join.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#send(this.#take());
    }
    this.#endOutage(); // Everybody may have given up: nothing was sent that could have ended it.
    this.#running = undefined;
  }

  /** The next batch; values that would crowd out the others go alone. */
  #take(): readonly Pending[] {
    this.#queue = this.#queue.filter(({ done }) => !done);
    const large = this.#queue.findIndex((pending) => pending.large);
    const end = large === -1 ? BATCH_MAX : Math.max(large, 1);
    return this.#queue.splice(0, Math.min(end, BATCH_MAX));
  }

  async #send(batch: readonly Pending[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      const verdicts = await this.#persistence.append(batch.map(({ append }) => append));
      batch.forEach((pending, index) => answer(pending, verdicts[index]));
      this.#endOutage();
    } catch (error) {
      if (hasCode(error, "PERSISTENCE_DOWN")) await this.#putBack(batch, error);
      else await this.#halve(batch, error);
    }
  }

  /** One that cannot be stored must not sink its neighbours; halving finds it. */
  async #halve(batch: readonly Pending[], error: unknown): Promise<void> {
    if (batch.length <= 1) {
      for (const pending of batch) pending.reject(error);
      return;
    }
    // A part of it may be in: persistence sends it in several packets where it has to.
    for (const pending of batch) pending.append = { ...pending.append, repeated: true };
    const middle = Math.ceil(batch.length / 2);
    await this.#send(batch.slice(0, middle));
    await this.#send(batch.slice(middle));
  }

  /** Whether it was committed is unknown: the identical appends are sent again (P-19). */
  async #putBack(batch: readonly Pending[], error: JobrunnerError): Promise<void> {
    if (this.#pauseMs === 0) this.#options.onDown?.(error);
    if (this.#stopped) {
      for (const pending of [...batch, ...this.#queue]) pending.reject(error);
      this.#queue = [];
      return;
    }
    for (const pending of batch) pending.append = { ...pending.append, repeated: true };
    this.#queue = [...batch, ...this.#queue];
    this.#pauseMs = Math.min(Math.max(this.#pauseMs * 2, PAUSE_MS_MIN), PAUSE_MS_MAX);
    const { sleep = pause, random = Math.random } = this.#options;
    await sleep(this.#pauseMs * (0.5 + random() / 2));
  }

  #endOutage(): void {
    if (this.#pauseMs === 0) return;
    this.#pauseMs = 0;
    this.#options.onDown?.(undefined);
  }
}

function answer(pending: Pending, verdict: Verdict | undefined): void {
  if (verdict !== undefined) pending.resolve(verdict);
  else pending.reject(new JobrunnerError("INTERNAL", "Persistence answered too few appends."));
}

function stopped(): JobrunnerError {
  return new JobrunnerError("PERSISTENCE_DOWN", "The agent is stopping and stores nothing more.");
}
