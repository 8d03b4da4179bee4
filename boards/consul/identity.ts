import { randomUUID } from "node:crypto";
import type { ConsulClient } from "../../consul/client.js";
import { getKey } from "../../consul/kv.js";
import { op, transact } from "../../consul/txn.js";

/** The board's random id, which is as old as its data (P-30). */
export class Identity {
  readonly #client: ConsulClient;
  readonly #key: string;
  readonly #hung: () => number;
  #known: { readonly id: string; readonly hung: number } | undefined;

  /** `hung`: another number whenever somebody may have deleted the board. */
  constructor(client: ConsulClient, key: string, hung: () => number) {
    this.#client = client;
    this.#key = key;
    this.#hung = hung;
  }

  /** Makes it when there is none. */
  async make(): Promise<{ readonly id: string; readonly stamped: boolean }> {
    const fresh = randomUUID();
    const there = await this.#read();
    if (there !== undefined) return { id: there, stamped: false };
    await transact(this.#client, [op.cas(this.#key, fresh, { index: 0 })]);
    // Whoever came first: what is there now is the board's.
    const id = (await this.#read()) ?? fresh;
    return { id, stamped: id === fresh };
  }

  /** Undefined when there is none. Asks Consul only when it may be another one: idle agents look. */
  async known(): Promise<string | undefined> {
    if (this.#known?.hung === this.#hung()) return this.#known.id;
    return this.#read();
  }

  async #read(): Promise<string | undefined> {
    const hung = this.#hung();
    const { body } = await getKey(this.#client, this.#key);
    this.#known = body === undefined ? undefined : { id: body.value, hung };
    return body?.value;
  }
}
