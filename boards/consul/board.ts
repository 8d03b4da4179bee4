import { randomUUID } from "node:crypto";
import { JobrunnerError } from "../../common/error.js";
import { resolveConsulUrl } from "../../consul/address.js";
import { again } from "../../consul/waiting/again.js";
import { ConsulClient } from "../../consul/client.js";
import { Returns } from "../../consul/waiting/returns.js";
import type {
  BoardOptions,
  BoardTraits,
  Candidate,
  Claimed,
  Inventory,
  JobBoard,
  Posting,
  Renewed,
  Survey,
} from "../board.js";
import { Bell } from "./bell.js";
import { type Context, ringer } from "./context.js";
import { claim, reclaim, renew } from "./holding.js";
import { Identity } from "./identity.js";
import { Keys } from "./keys.js";
import { Lease, type LeaseKind } from "./lease.js";
import { abandon, consume, remove } from "./leaving.js";
import { takeInventory } from "./mending/inventory.js";
import { Orphans, reopen } from "./mending/orphans.js";
import { candidates } from "./looking/candidates.js";
import { Spread } from "./looking/spread.js";
import { survey } from "./looking/survey.js";
import { put, reprioritise } from "./posting.js";
import { allClaims } from "./standing.js";

export interface ConsulBoardOptions extends BoardOptions {
  /** Wall clock for delays, milliseconds; tests hand in one that they move. */
  readonly now?: () => number;
  readonly env?: NodeJS.ProcessEnv;
}

/** Shorter ones are made so long: that is two beats a second while claims are held. */
const CHECK_LEASE_MIN_MS = 2_000;
/** Time-out of a request: at most so much, and at most the share of a lease, milliseconds. */
const REQUEST_MAX_MS = 5_000;
const REQUEST_MIN_MS = 1_000;
/** How long an act is tried again through an election: claims are worth less of it than ends. */
const PATIENCE_MS = 1_000;
const LEAVING_PATIENCE_MS = 5_000;
const PREFIX = "jobrunner";

/**
 * The board in Consul's KV: `consul://host:port/prefix`, or `consul+https://...`. Parameters beside
 * those of every Consul URL: `session=check`, for a Consul agent on this very machine, which is
 * the default when the host is the loopback; `session=ttl` for one elsewhere.
 */
export async function openConsulBoard(url: string, options: ConsulBoardOptions): Promise<JobBoard> {
  const { env = process.env, now = Date.now } = options;
  const { address, path, parameters } = await resolveConsulUrl(url, ["session"], env);
  const kind = kindOf(parameters.get("session"), address.host);
  const { leaseMs: asked } = options;
  const leaseMs = kind === "check" ? Math.max(CHECK_LEASE_MIN_MS, asked) : asked;
  const requestMs = Math.min(REQUEST_MAX_MS, Math.max(REQUEST_MIN_MS, leaseMs / 4));
  const prefix = prefixOf(path);
  const keys = new Keys(prefix);
  const family = `jobrunner ${prefix} `;
  const opened = new DisposableParts();
  try {
    const client = opened.use(new ConsulClient(address, requestMs));
    const name = `${family}${options.holder ?? randomUUID().slice(0, 8)}`;
    const lease = opened.use(await Lease.open(client, { kind, leaseMs, name }));
    const ring = ringer(keys, randomUUID());
    const returns = new Returns();
    const bell = opened.use(await Bell.open({ client, returns }, keys.bell, ring));
    const memory = {
      ...{ holdings: new Map(), places: new Map() },
      ...{ surveyed: new Map(), signatures: new Map() },
    };
    const spread = new Spread(
      () => performance.now(),
      Math.random,
      () => lease.id,
    );
    const identity = new Identity(client, keys.identity, () => bell.hung);
    const stop = new AbortController();
    const context: Context = {
      ...{ client, returns, keys, identity, lease, spread, ...memory, now, ring },
      closed: stop.signal,
    };
    const orphans = opened.use(new Orphans(context, family));
    orphans.start();
    return new ConsulBoard(context, bell, opened, stop);
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

function kindOf(given: string | undefined, host: string): LeaseKind {
  if (given === "check" || given === "ttl") return given;
  if (given !== undefined) {
    throw new JobrunnerError("USAGE", `A session is no "${given}".`, {
      hint: "Write session=check for a Consul agent on this machine, session=ttl for one elsewhere.",
    });
  }
  const loopback = host === "localhost" || host === "::1" || host.startsWith("127.");
  return loopback ? "check" : "ttl";
}

function prefixOf(path: string): string {
  if (path === "") return PREFIX;
  // What the oldest and the newest Consul take for names, and nothing that a path would swallow.
  if (/^[\w.~-]+(\/[\w.~-]+)*$/.test(path) && !/(^|\/)\.{1,2}(\/|$)/.test(path)) return path;
  throw new JobrunnerError("USAGE", `"${path}" is no prefix for a board in Consul.`, {
    hint: "Use letters, digits and . _ ~ - between single slashes, such as /jobrunner/home.",
  });
}

/** What was opened, to be closed in the opposite order. */
class DisposableParts implements AsyncDisposable {
  readonly #parts: (Disposable | AsyncDisposable)[] = [];

  use<T extends Disposable | AsyncDisposable>(part: T): T {
    this.#parts.unshift(part);
    return part;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of this.#parts.splice(0)) {
      if (Symbol.asyncDispose in part) await part[Symbol.asyncDispose]();
      else part[Symbol.dispose]();
    }
  }
}

class ConsulBoard implements JobBoard {
  readonly traits: BoardTraits;
  readonly #context: Context;
  readonly #bell: Bell;
  readonly #opened: AsyncDisposable;
  readonly #stop: AbortController;

  constructor(context: Context, bell: Bell, opened: AsyncDisposable, stop: AbortController) {
    this.traits = { reach: "cluster", wakes: "push", leaseMs: context.lease.leaseMs };
    this.#context = context;
    this.#bell = bell;
    this.#opened = opened;
    this.#stop = stop;
  }

  identity(): Promise<{ readonly id: string; readonly stamped: boolean }> {
    return this.#again(() => this.#context.identity.make());
  }

  put(postings: readonly Posting[]): Promise<void> {
    return this.#again(() => put(this.#context, postings));
  }

  reprioritise(id: string, priority: number): Promise<void> {
    return this.#again(() => reprioritise(this.#context, id, priority));
  }

  survey(): Promise<Survey> {
    return this.#again(() => survey(this.#context));
  }

  candidates(signatures: readonly string[], limit: number): Promise<readonly Candidate[]> {
    return this.#again(() => candidates(this.#context, signatures, limit));
  }

  claim(id: string, claimId: string): Promise<Claimed> {
    return this.#again(() => claim(this.#context, id, claimId));
  }

  reclaim(posting: Posting, claimId: string): Promise<Claimed> {
    return this.#again(() => reclaim(this.#context, posting, claimId));
  }

  renew(claims: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, Renewed>> {
    return this.#again(() => renew(this.#context, claims));
  }

  abandon(id: string, claimId: string, delayMs = 0): Promise<void> {
    return this.#againLonger(() => abandon(this.#context, { id, claimId }, delayMs));
  }

  consume(id: string, claimId: string): Promise<void> {
    return this.#againLonger(() => consume(this.#context, { id, claimId }));
  }

  remove(ids: readonly string[]): Promise<void> {
    return this.#again(() => remove(this.#context, ids));
  }

  async exists(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return (await this.inventory()).exists(ids);
  }

  inventory(): Promise<Inventory> {
    return this.#again(() => takeInventory(this.#context));
  }

  async held(incarnation: string): Promise<ReadonlyMap<string, string>> {
    const claims = await this.#again(() => allClaims(this.#context));
    // A claim that nobody holds and that nobody saw go would stay for ever.
    await reopen(this.#context, claims);
    const { length } = this.#context.keys.claims;
    const mine = claims.filter(
      ({ value, session }) => session !== "" && value.startsWith(`${incarnation}.`),
    );
    return new Map(mine.map(({ key, value }) => [key.slice(length), value]));
  }

  changed(signal: AbortSignal): Promise<void> {
    return this.#bell.changed(signal);
  }

  /** What is asked at this moment is not tried again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#opened[Symbol.asyncDispose]();
  }

  #again<T>(work: () => Promise<T>): Promise<T> {
    return this.#patiently(PATIENCE_MS, work);
  }

  #againLonger<T>(work: () => Promise<T>): Promise<T> {
    return this.#patiently(LEAVING_PATIENCE_MS, work);
  }

  #patiently<T>(patienceMs: number, work: () => Promise<T>): Promise<T> {
    const { returns } = this.#context;
    return again({ patienceMs, signal: this.#stop.signal, returns }, work);
  }
}
