import type { ConsulClient } from "../../consul/client.js";
import type { Returns } from "../../consul/waiting/returns.js";
import { follow } from "../../consul/waiting/follow.js";
import { getKey, type Item } from "../../consul/kv.js";
import { type Op, transact } from "../../consul/txn.js";

/** What is rung within such a time is heard as one, milliseconds. */
const SPACING_MS = 25;

/**
 * Hears the bell: one small key that exists always, rewritten by each transaction that may make
 * something claimable. A watch of the jobs themselves would carry the whole list to every agent
 * at every change, and wake all of them for each job that somebody takes.
 */
export class Bell implements AsyncDisposable {
  readonly #waiting = new Set<() => void>();
  readonly #stop = new AbortController();
  #hung: number;
  #heard: number;
  #told: number;
  #loop: Promise<void> = Promise.resolve();

  private constructor({ index, created }: Pick<Item, "index" | "created">) {
    this.#hung = created;
    this.#heard = index;
    this.#told = index;
  }

  /** Another number when it was hung anew, as after somebody has deleted the board. */
  get hung(): number {
    return this.#hung;
  }

  /** Hangs the bell when there is none. What is rung from now on is heard. */
  static async open(
    { client, returns }: { readonly client: ConsulClient; readonly returns: Returns },
    key: string,
    ring: () => Op,
  ): Promise<Bell> {
    let { body } = await getKey(client, key);
    if (body === undefined) {
      await transact(client, [ring()]);
      ({ body } = await getKey(client, key));
    }
    const bell = new Bell(body ?? { index: 0, created: 0 });
    bell.#loop = follow({
      ask: (how) => getKey(client, key, how),
      seen: async ({ body: item }) => {
        // Somebody deleted the board. It is hung again, as Consul wakes whoever waits for a missing
        // key at many a write elsewhere.
        if (item === undefined) await transact(client, [ring()]);
        else bell.#hear(item);
      },
      spacingMs: SPACING_MS,
      ...{ signal: bell.#stop.signal, returns },
    });
    return bell;
  }

  /** Resolves at the next ring after the last one that was told, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        this.#waiting.delete(wake);
        resolve();
      };
      signal.addEventListener("abort", wake, { once: true });
      this.#waiting.add(wake);
      this.#tell();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    for (const wake of [...this.#waiting]) wake();
  }

  #hear({ index, created }: Item): void {
    this.#hung = created;
    this.#heard = index;
    this.#tell();
  }

  #tell(): void {
    if (this.#heard === this.#told || this.#waiting.size === 0) return;
    this.#told = this.#heard;
    for (const wake of [...this.#waiting]) wake();
  }
}
