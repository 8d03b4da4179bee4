import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { JobrunnerError } from "../../common/error.js";
import { eitherSignal } from "../../common/signals/either.js";
import type { ConsulClient } from "../../consul/client.js";
import { pauseUntilTick } from "../../consul/waiting/pause.js";
import { beat, deregisterService, registerService } from "../../consul/service.js";
import { createSession, destroySession, renewSession, sessionLives } from "../../consul/session.js";

/*
 * The session that holds all claims of this agent (P-29). What ends it:
 *
 *   kept by  process gone      machine gone                 Consul
 *   check    TTL of the check  TTL of the check; serfHealth  its restart does not, a leave does
 *   ttl      twice the TTL     twice the TTL                 an election starts the time anew
 *
 * `check` needs a Consul agent on this machine: its beats are answered there, so that elections and
 * lost quorums end no session, and serfHealth speaks for this machine. The check is this session's
 * own: the beats of a restarted agent must not keep its dead predecessor's session alive.
 */

export type LeaseKind = "check" | "ttl";

export interface LeaseOptions {
  readonly kind: LeaseKind;
  readonly leaseMs: number;
  /** Shown to people beside what it locks. */
  readonly name: string;
}

/**
 * Between two beats, as shares of a lease. They keep the session of an agent that holds nothing
 * yet; who claims or renews a claim asks for a `fresh` one, mostly a beat of its own. With the time
 * that a beat may take, one that got no answer is made good by the next, after 0.8.
 */
const BEAT_SHARE = 0.5;
const BEAT_AGAIN_SHARE = 0.1;
/**
 * When nobody has asked for a fresh session for so many leases, the agent holds nothing that others
 * would wait for, as far as it knows: the check may be silent for as many, and is beaten once a
 * lease, so that an idle machine is woken less. Whoever asks again is answered once the check is as
 * strict as a claim wants it. A claim that the board has and its agent does not know of (P-27)
 * would last three leases, should the agent die before it is given back.
 */
const REST_LEASES = 3;
/**
 * Of a lease: an agent trusts a claim for four fifths of it from the moment a renewal was sent, so
 * what keeps the session must be younger by then than the fifth that is left. A beat may take no
 * longer: the next one is to come in time.
 */
const STALE_SHARE = 0.2;
/** How long a registered check may take to reach the catalog, and pauses between two looks, ms. */
const CATALOG_MS = 10_000;
const LOOK_MS = 30;
/** Consul takes no less: what a dead agent has registered goes after a minute. */
const FORGET_MS = 60_000;
const SERVICE = "jobrunner-board";

export class Lease implements AsyncDisposable {
  readonly leaseMs: number;
  readonly #client: ConsulClient;
  readonly #options: LeaseOptions;
  readonly #stop = new AbortController();
  /** Of the service and its check. */
  #check = newCheck();
  #session: Promise<string> | undefined;
  #id: string | undefined;
  #good = { monotonic: 0, wall: 0 };
  /** When somebody asked for a fresh one last, monotonic, ms. */
  #wantedAt = performance.now();
  /** Whether the check may be silent for three leases, as far as is known. */
  #rests = false;
  /** Aborted when the check has become stricter than the pause between two beats goes by. */
  #stricter = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #renewing: Promise<boolean> | undefined;

  private constructor(client: ConsulClient, options: LeaseOptions) {
    this.#client = client;
    this.#options = options;
    this.leaseMs = options.leaseMs;
  }

  /** Makes the session and keeps it; rejects when there can be none, so that one learns why. */
  static async open(client: ConsulClient, options: LeaseOptions): Promise<Lease> {
    const lease = new Lease(client, options);
    try {
      await lease.session();
    } catch (error) {
      await lease[Symbol.asyncDispose]();
      throw error;
    }
    lease.#loop = lease.#keep();
    return lease;
  }

  /** The id of the session, which is made anew when the last one has ended. */
  session(): Promise<string> {
    this.#session ??= this.#make().catch((error: unknown) => {
      this.#session = undefined;
      throw error;
    });
    return this.#session;
  }

  /** The id of the session last made; undefined while there is none. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Somebody was told that this session has ended. */
  ended(id: string): void {
    if (this.#id !== id) return;
    this.#id = undefined;
    this.#session = undefined;
  }

  /** Resolves when the session lives for another four fifths of a lease; rejects with BOARD_DOWN. */
  async fresh(): Promise<void> {
    this.#wantedAt = performance.now();
    // What is under way may loosen the check.
    if (!this.#isFresh) await this.#renewing;
    if (!this.#isFresh) await this.#renew();
    if (this.#isFresh) return;
    throw new JobrunnerError("BOARD_DOWN", "the session in Consul could not be renewed in time", {
      retryable: true,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    // Without an answer the session ends by itself, and what is registered goes with it.
    const id = await this.#session?.catch(() => undefined);
    if (id !== undefined) await destroySession(this.#client, id).catch(() => undefined);
    if (this.#options.kind === "ttl") return;
    await deregisterService(this.#client, this.#check).catch(() => undefined);
  }

  get #isFresh(): boolean {
    return !this.#rests && this.#ageMs() <= this.leaseMs * STALE_SHARE;
  }

  /** On both clocks, as one of them stands still while the machine sleeps. */
  #ageMs(): number {
    const { monotonic, wall } = this.#good;
    return Math.max(performance.now() - monotonic, Date.now() - wall);
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stop;
    let kept = true;
    while (!signal.aborted) {
      const paused = await this.#pause(this.#pauseMs(kept));
      // When Consul does not answer, `fresh` says so to whoever needs to know.
      if (paused === "over") kept = await this.#renew().catch(() => false);
      // It was beaten just now, and the next beat must come sooner.
      else kept = true;
    }
  }

  /** Cut short when the lease is closed, or the check has become stricter. */
  async #pause(ms: number): Promise<"over" | "cut"> {
    const cut = (this.#stricter = new AbortController());
    await pauseUntilTick(ms, eitherSignal(this.#stop.signal, cut.signal));
    if (cut.signal.aborted || this.#stop.signal.aborted) return "cut";
    cut.abort(); // Leaves nothing at the other signal.
    return "over";
  }

  #pauseMs(kept: boolean): number {
    // Once it is over, there is nothing to be made good any more.
    if (!kept && this.#ageMs() <= this.#ttlMs(this.#rests)) return this.leaseMs * BEAT_AGAIN_SHARE;
    return this.#rests ? this.leaseMs : this.leaseMs * BEAT_SHARE;
  }

  /** Of the check. */
  #ttlMs(rests: boolean): number {
    return rests ? this.leaseMs * REST_LEASES : this.leaseMs;
  }

  /** A session with a time-out of its own keeps the one it was made with. */
  #mayRest(): boolean {
    const idleMs = performance.now() - this.#wantedAt;
    return this.#options.kind === "check" && idleMs > this.leaseMs * REST_LEASES;
  }

  /** One at a time: claims that are taken side by side all ask for it. False: it has ended. */
  #renew(): Promise<boolean> {
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renewOnce(): Promise<boolean> {
    const sent = { monotonic: performance.now(), wall: Date.now() };
    const id = await this.session();
    const kept = await (this.#options.kind === "check" ? this.#beat(id) : this.#renewTtl(id));
    if (kept) this.#good = sent;
    else this.ended(id);
    return kept;
  }

  #renewTtl(id: string): Promise<boolean> {
    return renewSession(this.#client, id, { signal: this.#stop.signal });
  }

  async #beat(id: string): Promise<boolean> {
    const known = await beat(this.#client, this.#check, {
      ...{ output: this.#options.name, signal: this.#stop.signal },
      timeoutMs: this.leaseMs * STALE_SHARE,
    });
    const rests = this.#mayRest();
    if (known && rests === this.#rests) return true;
    if (known && rests) await this.#rest(id);
    else await this.#register(false);
    // Not known: the Consul agent has lost its data, the check and soon the session with it.
    return known || sessionLives(this.#client, id);
  }

  /**
   * Without an answer nobody knows what the check is, or will be: a request that comes late would
   * undo a stricter one. Then nothing is to be held by this check any more, and others are made.
   */
  async #rest(id: string): Promise<void> {
    this.#rests = true; // Who asks for a fresh one meanwhile does not get this one.
    try {
      await this.#register(true);
    } catch (error) {
      this.ended(id);
      this.#check = newCheck();
      this.#rests = false;
      throw error;
    }
  }

  async #make(): Promise<string> {
    const { kind, name, leaseMs } = this.#options;
    const sent = { monotonic: performance.now(), wall: Date.now() };
    if (kind === "check") await this.#register(false);
    const plan =
      kind === "check"
        ? { name, nodeChecks: ["serfHealth"], serviceChecks: [this.#check] }
        : { name, nodeChecks: [], serviceChecks: [], ttlMs: leaseMs };
    for (;;) {
      // Registering leaves a critical check as it is, and it turns so while the node is cut off.
      if (kind === "check") await beat(this.#client, this.#check, { output: name });
      const id = await createSession(this.#client, plan);
      if (id !== undefined) {
        this.#id = id;
        this.#good = sent;
        this.#wantedAt = performance.now();
        return id;
      }
      if (performance.now() - sent.monotonic > CATALOG_MS || this.#stop.signal.aborted) break;
      await sleep(LOOK_MS, undefined, { ref: false });
    }
    throw new JobrunnerError("BOARD_DOWN", `check ${this.#check} does not reach the catalog`, {
      hint: "Is the Consul agent at the board's address this machine's own, and is it healthy?",
      retryable: true,
    });
  }

  async #register(rests: boolean): Promise<void> {
    const { name } = this.#options;
    const plan = {
      name: SERVICE,
      id: this.#check,
      check: {
        ...{ id: this.#check, name: "Claims of this agent", notes: name },
        ...{ ttlMs: this.#ttlMs(rests), forgetAfterMs: FORGET_MS },
      },
    };
    const { signal } = this.#stop;
    // Whoever wants to claim waits for what loosens it.
    const limit = rests ? { timeoutMs: this.leaseMs * STALE_SHARE } : {};
    await registerService(this.#client, plan, { signal, ...limit });
    const wasResting = this.#rests;
    this.#rests = rests;
    if (wasResting && !rests) this.#stricter.abort();
    // Over a restart Consul keeps what it was last told of a check, but not the status with which
    // it was registered: without a beat it would come back critical, and end the session.
    await beat(this.#client, this.#check, { output: name, signal });
  }
}

function newCheck(): string {
  return `${SERVICE}-${randomBytes(6).toString("hex")}`;
}
