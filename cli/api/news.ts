import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "./client.js";
import type { StreamEvent } from "./event-stream.js";
import { resumedEvents } from "./resumed-events.js";

export interface NewsOptions {
  readonly client: Client;
  /** Of a stream of events. */
  readonly path: string;
  /** Which of them are a reason to look. */
  wanted(event: StreamEvent): boolean;
  readonly signal: AbortSignal;
}

/** Between two looks because of events, ms: a look costs more than an event. */
const PAUSE_MS = 100;

/** Says when it is worth while to look again; the look itself is the truth. */
export class News implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #reading: Promise<void>;
  #live = true;
  #fresh = false;
  #wake: () => void = () => undefined;

  constructor(options: NewsOptions) {
    const signal = AbortSignal.any([options.signal, this.#stop.signal]);
    this.#reading = this.#read({ ...options, signal });
  }

  /** False when there are no events to be had: of an older agent, or of one that is too busy. */
  get live(): boolean {
    return this.#live;
  }

  /** Resolves when something has happened since the last time, or after `ms`. */
  async next(ms: number, signal: AbortSignal): Promise<void> {
    const began = Date.now();
    const slept = new AbortController();
    const either = AbortSignal.any([signal, slept.signal]);
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    if (!this.#fresh) {
      const limit = sleep(ms, undefined, { signal: either }).catch(() => undefined);
      await Promise.race([woken, limit]);
      slept.abort();
    }
    this.#fresh = false;
    const early = Math.min(PAUSE_MS, ms) - (Date.now() - began);
    if (early > 0) await sleep(early, undefined, { signal }).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read({ client, path, wanted, signal }: NewsOptions): Promise<void> {
    try {
      const say = (): void => undefined; // Who looks says what is wrong.
      for await (const event of resumedEvents(path, { client, signal, say })) {
        if (wanted(event)) this.#tell();
      }
    } catch {
      // Whoever looks meets the same, or asks without: what is wrong is said there.
    }
    this.#live = false;
    this.#tell();
  }

  #tell(): void {
    this.#fresh = true;
    this.#wake();
  }
}
