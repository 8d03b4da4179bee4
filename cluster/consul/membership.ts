import { setTimeout as sleep } from "node:timers/promises";
import { eitherSignal } from "../../common/signals/either.js";
import { ConsulClient } from "../../consul/client.js";
import type { ConsulAddress } from "../../consul/address.js";
import { listInstances } from "../../consul/health.js";
import { pauseUntilTick } from "../../consul/waiting/pause.js";
import {
  beat,
  deregisterService,
  type Kept,
  maintenanceOf,
  registerService,
} from "../../consul/service.js";
import type { Member, Membership, Self } from "../membership.js";
import { fallenAsleep, toInstance, toMember, toOutput, TTL_MS } from "./instance.js";
import { forget } from "./forget.js";
import { isOperators, keptByNode, Maintenance } from "./maintenance.js";
import { Publishing } from "./publishing.js";
import { Twins } from "./twins.js";

export interface ConsulMembershipOptions {
  readonly address: ConsulAddress;
  /** Told when Consul stops answering, and (undefined) when it answers again. */
  readonly onTrouble: (why: string | undefined) => void;
  /** Told when an agent of another machine turns out to have this one's name. */
  readonly onTwin?: (why: string) => void;
  /** Between two beats, milliseconds. */
  readonly beatMs?: number;
  /** The check is critical when it was not beaten for so long, milliseconds. */
  readonly ttlMs?: number;
  /** Longest pause between two registrations because of changed facts, milliseconds. */
  readonly publishMs?: number;
}

export const SERVICE = "jobrunner";
const BEAT_MS = 10_000;
/** Of the pause between two beats, after a round that failed: the next beat comes in time. */
const AGAIN_SHARE = 0.2;
const PUBLISH_MS = 60_000;
/** Consul's agent answers nearly all of it by itself, ms. */
const REQUEST_MS = 2_000;
/** How often, and with which pauses in ms, the servers are asked whether they know of its sleep. */
const KNOWN_LOOKS = 10;
const KNOWN_LOOK_MS = 100;
/** People wait for a list; there is an older one. */
const LIST_MS = 1_000;
/** How often the list is read although nobody asks, for when Consul is away, ms. */
const LIST_EVERY_MS = 60_000;
/** A machine that sleeps stays known for so long, milliseconds: three days. */
const FORGET_MS = 72 * 3_600_000;

/** Consul's agent asks the API: shows people whether others can reach it. No claim rests on it. */
const HTTP = { name: "HTTP API", everyMs: 30_000, limitMs: 2_000 } as const;

type Told = (reason: string | undefined) => void;

/** One service instance an agent in Consul's catalog, with a check that it keeps passing. */
export class ConsulMembership implements Membership {
  readonly #client: ConsulClient;
  readonly #options: Required<ConsulMembershipOptions>;
  readonly #stop = new AbortController();
  readonly #publishing: Publishing;
  readonly #maintenance = new Maintenance();
  readonly #twins: Twins;
  #self: (() => Self) | undefined;
  #named: Pick<Self, "name" | "machine"> = { name: "", machine: "" };
  #trouble: string | undefined;
  #isRegistered = false;
  /** When the last beat that was answered was sent, monotonic, ms. */
  #beatenAt = -Infinity;
  #loop: Promise<void> | undefined;
  #hurry = new AbortController();
  #asleep: { readonly since: number; told: boolean; known(): void } | undefined;
  /** Who there was when Consul answered last. */
  #listed: { readonly members: readonly Member[]; readonly at: number } | undefined;

  constructor(options: ConsulMembershipOptions) {
    const times = { beatMs: BEAT_MS, ttlMs: TTL_MS, publishMs: PUBLISH_MS };
    this.#options = { ...times, onTwin: () => undefined, ...options };
    this.#twins = new Twins(this.#options.onTwin);
    const { address, beatMs, publishMs } = this.#options;
    const pauses = { firstMs: Math.min(beatMs, publishMs), mostMs: publishMs };
    this.#publishing = new Publishing({ ...pauses, random: Math.random });
    this.#client = new ConsulClient(address, REQUEST_MS);
  }

  announce(self: () => Self, told: Told): void {
    this.#self = self;
    this.#named = self();
    this.#loop ??= this.#run(self, told);
  }

  drain(reason: string | undefined): void {
    this.#maintenance.want(reason);
    // Until Consul knows, an operator who says the opposite there would be taken for an echo.
    this.#hurry.abort();
  }

  async mayResume(): Promise<void> {
    const { node } = await this.#kept();
    if (node !== undefined) throw keptByNode(this.#named.name, node);
  }

  asleep(since: number | undefined): Promise<void> {
    this.#asleep?.known();
    this.#asleep = undefined;
    this.#publishing.forget(); // Consul may have forgotten it, and its addresses may be others.
    this.#hurry.abort();
    if (since === undefined || this.#loop === undefined) return Promise.resolve();
    return new Promise((known) => {
      this.#asleep = { since, told: false, known };
    });
  }

  trouble(): string | undefined {
    return this.#trouble ?? this.#twins.trouble;
  }

  async forget(name: string, reach: "here" | "everywhere"): Promise<boolean> {
    const { body = [] } = await listInstances(this.#client, SERVICE, { timeoutMs: LIST_MS });
    return forget(this.#client, { name, instances: body }, reach);
  }

  async members(): Promise<readonly Member[]> {
    try {
      return await this.#list();
    } catch (error) {
      if (this.#listed === undefined) throw error;
      return this.#listed.members;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    // Without an answer its check turns critical, and Consul forgets it in time.
    if (this.#self !== undefined) await this.#leave().catch(() => undefined);
    this.#client[Symbol.dispose]();
  }

  get #id(): string {
    return this.#twins.idOf(this.#named, SERVICE);
  }

  /** Together with its instance Consul would forget that an operator wants it to take no jobs. */
  async #leave(): Promise<void> {
    const request = { timeoutMs: LIST_MS };
    const instance = await maintenanceOf(this.#client, this.#id, request).then(
      (kept) => kept.instance,
      () => this.#maintenance.instance, // As it was last seen.
    );
    if (isOperators(instance)) {
      const output = toOutput(
        `stopped; listed because of its maintenance: ${instance}`,
        Date.now(),
      );
      await beat(this.#client, this.#id, { output, status: "critical" });
    } else {
      await deregisterService(this.#client, this.#id);
    }
  }

  /** Nobody is kept from anything by a Consul that does not answer. */
  async #kept(): Promise<Kept> {
    const request = { timeoutMs: LIST_MS };
    return maintenanceOf(this.#client, this.#id, request).catch(() => ({}));
  }

  async #list(): Promise<readonly Member[]> {
    const { body = [] } = await listInstances(this.#client, SERVICE, { timeoutMs: LIST_MS });
    const now = Date.now();
    const members = body
      .map((instance) => toMember(instance, now))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#listed = { members, at: performance.now() };
    if (this.#self !== undefined && this.#twins.look(members, this.#named))
      this.#publishing.forget();
    return members;
  }

  /** Never rejects: an agent does its work without a registry as well. */
  async #run(self: () => Self, told: Told): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#hurry = new AbortController(); // Who hurries it meanwhile wants another round.
      const failed = await this.#round(self, told).then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      this.#tell(failed);
      const hurry = this.#hurry;
      const signal = eitherSignal(this.#stop.signal, hurry.signal);
      await pauseUntilTick(this.#restMs(failed === undefined), signal);
      hurry.abort();
    }
  }

  /** Until the next round: what took long, or failed, must not cost a beat. */
  #restMs(wentWell: boolean): number {
    const { beatMs, ttlMs } = this.#options;
    const againMs = beatMs * AGAIN_SHARE;
    const sinceMs = performance.now() - this.#beatenAt;
    if (sinceMs >= ttlMs) return beatMs; // There is nothing to be made good any more.
    if (!wentWell) return againMs;
    return sinceMs < againMs ? beatMs : Math.max(againMs, beatMs - sinceMs);
  }

  async #round(self: () => Self, told: Told): Promise<void> {
    if (this.#asleep !== undefined) return this.#fallAsleep(self(), this.#asleep);
    const { note, ...listed } = self();
    const output = toOutput(note, Date.now());
    // Before all that may take long, or be refused: neither is a reason to be taken for gone.
    const id = this.#id;
    const beaten = this.#isRegistered && (await this.#beat(output));
    const isOld = performance.now() - (this.#listed?.at ?? -Infinity) >= LIST_EVERY_MS;
    const listing = isOld ? await settled(this.#list()) : undefined;
    // Before it registers for the first time: somebody may have its name.
    if (listing !== undefined && this.#listed === undefined) throw listing.reason;
    const isDue = this.#publishing.isDue(JSON.stringify(listed), performance.now());
    // Not beaten: for the first time, or the Consul agent was started anew without its data.
    const refused = isDue || !beaten ? await settled(this.#register(listed)) : undefined;
    const isKnown = (beaten && id === this.#id) || (await this.#beat(output));
    // After it has registered, which makes Consul's word of maintenance uncertain; and of what is
    // not there Consul says that it is in none.
    if (isKnown) await this.#settle(told);
    const failed = refused ?? listing;
    if (failed !== undefined) throw failed.reason;
  }

  /** False when the Consul agent knows of no such check. */
  async #beat(output: string): Promise<boolean> {
    const sentAt = performance.now();
    const known = await beat(this.#client, this.#id, { output, signal: this.#stop.signal });
    if (known) this.#beatenAt = sentAt;
    return known;
  }

  #settle(told: Told): Promise<void> {
    const request = { signal: this.#stop.signal };
    return this.#maintenance.settle({ client: this.#client, id: this.#id }, told, request);
  }

  /** Once: another beat would say that it is awake. */
  async #fallAsleep(self: Self, asleep: { since: number; told: boolean; known(): void }) {
    if (asleep.told) return;
    const { signal } = this.#stop;
    const { note, ...listed } = fallenAsleep(self, asleep.since);
    await this.#register(listed);
    this.#publishing.forget(); // Awake, it is something else.
    const output = toOutput(note, Date.now());
    await beat(this.#client, this.#id, { output, status: "warning", signal });
    asleep.told = true;
    // Consul's agent may sleep with this machine: what it has not passed on is not known yet.
    for (let look = 0; look < KNOWN_LOOKS && this.#asleep === asleep; look += 1) {
      const own = (await this.#list()).find(({ name }) => name === this.#named.name);
      if (own?.state === "asleep") break;
      await sleep(KNOWN_LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
    asleep.known();
  }

  async #register(self: Omit<Self, "note">): Promise<void> {
    const { ttlMs } = this.#options;
    const http = { ...HTTP, id: `${this.#id}-http`, notes: "whether its API can be reached" };
    await registerService(this.#client, {
      ...toInstance(self, SERVICE),
      id: this.#id,
      check: {
        ...{ id: this.#id, name: "Heartbeat", notes: `what agent ${self.name} says of itself` },
        ...{ ttlMs, forgetAfterMs: FORGET_MS, warnsAtFirst: true },
      },
      // Nobody else reaches one without an address, Consul's agent neither.
      ...(self.url === undefined ? {} : { http: { ...http, url: `${self.url}/livez` } }),
    });
    this.#isRegistered = true;
    this.#publishing.done(JSON.stringify(self), performance.now());
    this.#maintenance.forget();
  }

  #tell(why: string | undefined): void {
    if (this.#stop.signal.aborted || (why === undefined) === (this.#trouble === undefined)) return;
    this.#trouble = why;
    this.#options.onTrouble(why);
  }
}

/** What went wrong; undefined when all went well. */
async function settled(work: Promise<unknown>): Promise<PromiseRejectedResult | undefined> {
  const [done] = await Promise.allSettled([work]);
  return done.status === "rejected" ? done : undefined;
}
