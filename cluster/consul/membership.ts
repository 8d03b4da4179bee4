import { setTimeout as sleep } from "node:timers/promises";
import { ConsulClient } from "../../consul/client.js";
import type { ConsulAddress } from "../../consul/address.js";
import { listInstances } from "../../consul/health.js";
import { beat, deregisterService, registerService, setMaintenance } from "../../consul/service.js";
import type { Member, Membership, Self } from "../membership.js";
import { toInstance, toMember } from "./instance.js";

export interface ConsulMembershipOptions {
  readonly address: ConsulAddress;
  /** Told when Consul stops answering, and (undefined) when it answers again. */
  readonly onTrouble: (why: string | undefined) => void;
  /** Between two beats, milliseconds; the check is critical after four of them. */
  readonly beatMs?: number;
  /** Between two registrations because of changed facts, milliseconds. */
  readonly publishMs?: number;
}

export const SERVICE = "jobrunner";
const BEAT_MS = 2_500;
const BEATS_MISSED = 4;
const PUBLISH_MS = 60_000;
const REQUEST_MS = 5_000;
/** A machine that sleeps stays known for so long, milliseconds: three days. */
const FORGET_MS = 72 * 3_600_000;

/** What stands in the catalog; the note goes with each beat, which costs the servers nothing. */
type Listed = Omit<Self, "note">;

/** One service instance an agent in Consul's catalog, with a check that it keeps passing. */
export class ConsulMembership implements Membership {
  readonly #client: ConsulClient;
  readonly #options: Required<ConsulMembershipOptions>;
  readonly #stop = new AbortController();
  #self: (() => Self) | undefined;
  #name = "";
  /** What Consul has of it, and since when. */
  #published: { readonly text: string; readonly at: number } | undefined;
  #maintenance: string | undefined;
  /** What Consul was told last; undefined when that is not known. */
  #maintained: { readonly reason: string | undefined } | undefined;
  #trouble: string | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: ConsulMembershipOptions) {
    this.#options = { beatMs: BEAT_MS, publishMs: PUBLISH_MS, ...options };
    this.#client = new ConsulClient(options.address, REQUEST_MS);
  }

  announce(self: () => Self): void {
    this.#self = self;
    this.#name = self().name;
    this.#loop ??= this.#run();
  }

  drain(reason: string | undefined): void {
    this.#maintenance = reason;
  }

  trouble(): string | undefined {
    return this.#trouble;
  }

  async members(): Promise<readonly Member[]> {
    const { body = [] } = await listInstances(this.#client, SERVICE);
    return body.map(toMember).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    if (this.#self !== undefined) {
      // Without an answer its check turns critical, and Consul forgets it in time.
      await deregisterService(this.#client, this.#id).catch(() => undefined);
    }
    this.#client[Symbol.dispose]();
  }

  get #id(): string {
    return `${SERVICE}-${this.#name}`;
  }

  /** Never rejects: an agent does its work without a registry as well. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#round().then(
        () => this.#tell(undefined),
        (error: unknown) => this.#tell(error instanceof Error ? error.message : String(error)),
      );
      await sleep(this.#options.beatMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #round(): Promise<void> {
    if (this.#self === undefined) return;
    const { signal } = this.#stop;
    const { note, ...self } = this.#self();
    if (this.#isDue(self)) await this.#register(self);
    const known = await beat(this.#client, this.#id, { output: note, signal });
    // The Consul agent was started anew without its data.
    if (!known) await this.#register(self);
    const reason = this.#maintenance;
    if (this.#maintained !== undefined && this.#maintained.reason === reason) return;
    await setMaintenance(this.#client, this.#id, reason);
    this.#maintained = { reason };
  }

  /** At once the first time; later changes wait, so that facts that flicker write little. */
  #isDue(self: Listed): boolean {
    if (this.#published === undefined) return true;
    const { text, at } = this.#published;
    if (text === JSON.stringify(self)) return false;
    return performance.now() - at >= this.#options.publishMs;
  }

  async #register(self: Listed): Promise<void> {
    const { beatMs } = this.#options;
    await registerService(this.#client, {
      ...toInstance(self, SERVICE),
      id: this.#id,
      check: {
        ...{ id: this.#id, name: "Agent's heartbeat", notes: `jobrunner agent ${self.name}` },
        ...{ ttlMs: beatMs * BEATS_MISSED, forgetAfterMs: FORGET_MS },
      },
    });
    this.#published = { text: JSON.stringify(self), at: performance.now() };
    this.#maintained = undefined;
  }

  #tell(why: string | undefined): void {
    if (this.#stop.signal.aborted || (why === undefined) === (this.#trouble === undefined)) return;
    this.#trouble = why;
    this.#options.onTrouble(why);
  }
}
