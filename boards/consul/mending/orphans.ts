import { setTimeout as sleep } from "node:timers/promises";
import { transactEach } from "../../../consul/batch.js";
import { follow } from "../../../consul/waiting/follow.js";
import type { Item } from "../../../consul/kv.js";
import { listSessions, type Session, sessionLives } from "../../../consul/session.js";
import { op } from "../../../consul/txn.js";
import type { Context } from "../context.js";
import { place } from "../folders.js";
import { textOf } from "../keys.js";
import { allClaims, REOPENED, standingsOf, unplace, type Standing } from "../standing.js";

/** The agents take turns: each waits so much longer than the one before, milliseconds. */
const TURN_MS = 200;
const TURNS_MAX = 5;
/** Looks and tries again so often when others change a job in between. */
const ROUNDS = 3;
/** Sessions come and go in crowds; after news of other programs the pause is so much longer. */
const SPACING_MS = 250;
const OTHERS_MS = 250;

/**
 * When a session ends, Consul unlocks what it held and leaves the keys: claims that nobody holds.
 * Whoever sees that sessions have changed makes their jobs claimable again. The old claimId stays
 * on the claim until somebody takes the job, so that an owner that was only cut off for a moment
 * may renew it (P-23).
 */
export class Orphans implements AsyncDisposable {
  readonly #context: Context;
  readonly #family: string;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #last: Seen | undefined;

  /** `family`: how the names of all sessions of this board begin. */
  constructor(context: Context, family: string) {
    this.#context = context;
    this.#family = family;
  }

  start(): void {
    const { client, returns } = this.#context;
    this.#loop = follow({
      ask: (how) => listSessions(client, how),
      seen: ({ body }) => this.#seen(body ?? []),
      spacingMs: SPACING_MS,
      ...{ signal: this.#stop.signal, returns },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #seen(sessions: readonly Session[]): Promise<void> {
    const { client, lease, spread } = this.#context;
    const mine = lease.id;
    const family = sessions.filter(({ name }) => name.startsWith(this.#family));
    const now = new Set(family.map(({ id }) => id));
    const order = [...now].sort();
    spread.sessions = order;
    // The list may be older than the session, so its absence alone says nothing.
    if (mine !== undefined && !now.has(mine) && !(await sessionLives(client, mine))) {
      lease.ended(mine);
    }
    const all = sessions.map(({ id }) => id);
    const ours = this.#isOurs(all, now);
    if (ours) await this.#turn(order, mine);
    await reopen(this.#context, await allClaims(this.#context));
    this.#last = { all: new Set(all), family: now };
    const { signal } = this.#stop;
    if (!ours) await sleep(OTHERS_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }

  /**
   * Whether what happened was one of ours that came or went. Nothing differs when one has come and
   * gone between two looks; beside others' it may have, too, so that claims are looked at anyway.
   */
  #isOurs(all: readonly string[], family: ReadonlySet<string>): boolean {
    if (this.#last === undefined) return true;
    const { all: before, family: known } = this.#last;
    const isSame = (now: Iterable<string>, then: ReadonlySet<string>): boolean => {
      const ids = [...now];
      return ids.length === then.size && ids.every((id) => then.has(id));
    };
    return !isSame(family, known) || isSame(all, before);
  }

  /** One of the agents goes first; the next ones find nothing left to do. */
  async #turn(sessions: readonly string[], mine: string | undefined): Promise<void> {
    const place = mine === undefined ? TURNS_MAX : sessions.indexOf(mine);
    const turns = Math.min(TURNS_MAX, Math.max(0, place));
    const { signal } = this.#stop;
    await sleep(turns * TURN_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Ids of the sessions at the last look: of everybody, and of this board. */
interface Seen {
  readonly all: ReadonlySet<string>;
  readonly family: ReadonlySet<string>;
}

interface Orphan {
  readonly id: string;
  readonly claim: Item;
  readonly standing: Standing;
}

/** Makes the jobs of those `claims` claimable that nobody holds. */
export async function reopen(
  context: Context,
  claims: readonly Item[],
  rounds = ROUNDS,
): Promise<void> {
  const { client, keys } = context;
  const lost = claims.filter(({ session, flags }) => session === "" && flags !== REOPENED);
  const ids = lost.map(({ key }) => key.slice(keys.claims.length));
  const orphans = (await standingsOf(context, ids)).flatMap((standing, n): readonly Orphan[] => {
    const [id, claim] = [ids[n], lost[n]];
    return id === undefined || claim === undefined ? [] : [{ id, claim, standing }];
  });
  const refused = await transactEach(client, orphans, {
    ops: ({ id, claim, standing: { entry, index } }) => {
      const { key, value, index: seen } = claim;
      // The job was removed under its claim.
      if (entry === undefined) return [op.checkIndex(key, seen), op.delete(key)];
      const open = { ...entry, at: 0 };
      return [
        op.cas(key, value, { index: seen, flags: REOPENED }),
        op.cas(keys.job(id), textOf(open), { index }),
        ...unplace(context, entry),
        ...place(context, open),
      ];
    },
    tell: () => context.ring(),
  });
  // Others were faster, or somebody changed a job in between, such as its priority.
  if (refused.length > 0 && rounds > 1) {
    await reopen(context, await allClaims(context), rounds - 1);
  }
}
