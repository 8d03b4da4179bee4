import { hasCode, JobrunnerError } from "../../../common/error.js";
import type { CallHooks } from "../../bodies.js";

/** How long a decider or an onFailure may take to answer, ms. */
export const ANSWER_MS = 60_000;

/** Something asked of code of the author's. */
export interface Consultation<T> {
  /** Whose answer it is, for messages. */
  readonly who: string;
  ask(hooks: CallHooks): Promise<T>;
  /** Whether anything still depends on the answer. */
  wanted(): boolean;
  /** Takes the answer, which is wanted; may emit. */
  answer(result: Consulted<T>): void;
  /** Nothing depends on it any more: it will not be heard. */
  dropped(): void;
}

export type Consulted<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

export interface ConsultationsOptions {
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** An answer came: to be called when the engine looks at what came in. */
  report(take: () => void): void;
  /** The ownership or the runner is gone. */
  lost(error: Error): void;
}

/**
 * The consultations that are out. None holds anything up for ever: one without an answer in time
 * has failed, and one on which nothing depends any more (the job was cancelled, the flow has
 * turned) is dropped at once.
 */
export class Consultations {
  readonly #options: ConsultationsOptions;
  readonly #open = new Map<Pick<Consultation<unknown>, "wanted" | "dropped">, AbortController>();
  #turned = false;

  constructor(options: ConsultationsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  async put<T>(consultation: Consultation<T>): Promise<void> {
    const asking = new AbortController();
    this.#open.set(consultation, asking);
    const result = await this.#answerOf(consultation, asking.signal);
    if (!this.#open.has(consultation)) return;
    if (!result.ok && hasCode(result.error, "OWNERSHIP_LOST", "RUNNER_DIED")) {
      return this.#options.lost(result.error);
    }
    this.#options.report(() => {
      this.#open.delete(consultation);
      asking.abort(OVER);
      hear(consultation, result);
    });
  }

  /** Something happened after which an answer may not be wanted any more. */
  turn(): void {
    this.#turned = true;
  }

  /** Drops what nobody wants to know any more, if anything has turned. */
  prune(): void {
    if (!this.#turned) return;
    this.#turned = false;
    for (const [consultation, asking] of this.#open) {
      if (consultation.wanted()) continue;
      this.#open.delete(consultation);
      asking.abort(OVER);
      consultation.dropped();
    }
  }

  /** Forgets all: the engine is over. */
  end(reason: Error): void {
    for (const asking of this.#open.values()) asking.abort(reason);
    this.#open.clear();
  }

  #answerOf<T>({ who, ask }: Consultation<T>, signal: AbortSignal): Promise<Consulted<T>> {
    const hooks = { signal, saved: refuseToSave, progress: () => undefined };
    const late = this.#options.sleep(ANSWER_MS, signal).then(() => {
      const error = new Error(`${who} did not answer within ${ANSWER_MS} ms`);
      error.name = "TimeoutError";
      return { ok: false, error } as const;
    });
    return Promise.race([consulted(() => ask(hooks)), late]);
  }
}

const OVER = new Error("the question is over");

/** Other things that came in at the same time may have made it worthless. */
function hear<T>(consultation: Consultation<T>, result: Consulted<T>): void {
  if (consultation.wanted()) consultation.answer(result);
  else consultation.dropped();
}

async function consulted<T>(ask: () => Promise<T>): Promise<Consulted<T>> {
  try {
    return { ok: true, value: await ask() };
  } catch (error) {
    return { ok: false, error };
  }
}

/** Questions store nothing. */
function refuseToSave(): Promise<never> {
  return Promise.reject(new JobrunnerError("USAGE", "only tasks and retries can save a value"));
}
