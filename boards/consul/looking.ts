import { getKey, getTree, type Item, listKeys } from "../../consul/kv.js";
import type { Candidate, Survey } from "../board.js";
import { type Context, remember } from "./context.js";
import { hashOf, parseEntry, type Waiting } from "./keys.js";
import { ripen } from "./posting.js";

/* What agents look at before they claim. */

/** Delayed jobs made claimable with one look; the rest with the next. */
const RIPE_MAX = 480;
/** Jobs looked at for the text of a signature not known yet: the first may end meanwhile. */
const ASKED_MAX = 3;

/**
 * One read names the signatures under which jobs wait, however many; where delayed ones wait, one
 * more says when the next is due.
 */
export async function survey(context: Context): Promise<Survey> {
  const { client, keys, holdings, lease, identity } = context;
  const [boardId, names] = await Promise.all([
    identity.known(),
    listKeys(client, keys.waiting, { separator: "/" }),
  ]);
  const { hashes, minutes } = keys.foldersOf(names);
  const { due, nextAt } = await delayed(context, minutes);
  if (due.length > 0) await ripen(context, due);
  const all = new Set([...hashes, ...due.map(({ hash }) => hash)]);
  const texts = await Promise.all([...all].map((hash) => signatureOf(context, hash)));
  const waits = [
    ...(nextAt === undefined ? [] : [Math.max(0, nextAt - context.now())]),
    // The session is kept alive here: what it holds is free a lease from now at the earliest.
    ...(holdings.size === 0 ? [] : [lease.leaseMs]),
  ];
  const signatures = texts.filter((text) => text !== undefined);
  return {
    signatures,
    ...(waits.length === 0 ? {} : { nextInMs: Math.min(...waits) }),
    ...(boardId === undefined ? {} : { boardId }),
  };
}

interface Delayed {
  readonly due: readonly Waiting[];
  readonly nextAt?: number;
}

async function delayed(context: Context, minutes: readonly string[]): Promise<Delayed> {
  const { client, keys } = context;
  const due: Waiting[] = [];
  for (const folder of minutes) {
    const { prefix, beginsAt } = keys.minute(folder);
    // Looked into when it has begun: thousands may wait in a minute that is hours away.
    if (beginsAt > context.now()) return { due, nextAt: beginsAt };
    const names = await listKeys(client, prefix);
    for (const waiting of names.map((name) => keys.parse(name))) {
      if (waiting === undefined) continue;
      if (waiting.at > context.now() || due.length === RIPE_MAX) {
        return { due, nextAt: waiting.at };
      }
      due.push(waiting);
    }
  }
  return { due };
}

/** Undefined when its jobs have gone meanwhile. */
async function signatureOf(context: Context, hash: string): Promise<string | undefined> {
  const { client, keys, signatures } = context;
  const known = signatures.get(hash);
  if (known !== undefined) return known;
  const names = await listKeys(client, keys.open(hash));
  for (const name of names.slice(0, ASKED_MAX)) {
    const id = keys.parse(name)?.id;
    if (id === undefined) continue;
    const { body } = await getKey(client, keys.job(id));
    const text = body === undefined ? undefined : parseEntry(id, body.value)?.signature;
    if (text === undefined || hashOf(text) !== hash) continue;
    remember(signatures, hash, text);
    return text;
  }
  return undefined;
}

interface Found extends Waiting {
  readonly signature: string;
}

export async function candidates(
  context: Context,
  signatures: readonly string[],
  limit: number,
): Promise<readonly Candidate[]> {
  const { client, keys, places, spread } = context;
  const among = spread.among(limit);
  const listed = await Promise.all(
    signatures.map(async (signature): Promise<readonly Found[]> => {
      const names = await listKeys(client, keys.open(hashOf(signature)));
      // In order already: names of one folder begin with the rank, and then come ids by age.
      return names.slice(0, among).flatMap((name) => {
        const waiting = keys.parse(name);
        return waiting === undefined ? [] : [{ ...waiting, signature }];
      });
    }),
  );
  const found = listed.length === 1 ? listed.flat() : listed.flat().sort(compare);
  const drawn = spread.order(found, limit);
  for (const waiting of drawn) remember(places, waiting.id, waiting);
  return drawn.map(({ id, signature }) => ({ id, signature }));
}

function compare(a: Waiting, b: Waiting): number {
  if (a.rank !== b.rank) return a.rank < b.rank ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/** Every claim there is, whoever holds it, and whether its session lives or not. */
export function allClaims({ client, keys }: Context): Promise<readonly Item[]> {
  return getTree(client, keys.claims);
}
