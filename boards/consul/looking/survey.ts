import { getKey, listKeys } from "../../../consul/kv.js";
import type { Survey } from "../../board.js";
import { type Context, remember } from "../context.js";
import { forgetEmpty, listFolders } from "../folders.js";
import { beginOf, type Folder, hashOf, parseEntry, type Waiting } from "../keys.js";
import { ripen } from "../posting.js";

/** Delayed jobs made claimable with one look; the rest with the next. */
const RIPE_MAX = 480;
/** Jobs looked at for the text of a signature not known yet: the first may end meanwhile. */
const ASKED_MAX = 3;

/**
 * One read names the signatures under which jobs wait, however many; one more for each minute that
 * has begun says which delayed ones are due.
 */
export async function survey(context: Context): Promise<Survey> {
  const { surveyed, holdings, lease, identity } = context;
  const [boardId, folders] = await Promise.all([identity.known(), listFolders(context)]);
  const open = folders.filter(({ name }) => beginOf(name) === undefined);
  const { due, nextAt } = await delayed(context, folders);
  if (due.length > 0) await ripen(context, due);
  surveyed.clear();
  for (const folder of open) {
    surveyed.set(folder.name, folder);
    learn(context, folder);
  }
  const all = new Set([...open.map(({ name }) => name), ...due.map(({ hash }) => hash)]);
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

async function delayed(context: Context, folders: readonly Folder[]): Promise<Delayed> {
  const { client, keys } = context;
  const due: Waiting[] = [];
  for (const folder of folders) {
    const beginsAt = beginOf(folder.name);
    if (beginsAt === undefined) continue;
    // Looked into when it has begun: thousands may wait in a minute that is hours away.
    if (beginsAt > context.now()) return { due, nextAt: beginsAt };
    const inside = await listKeys(client, keys.inside(folder.name));
    await forgetEmpty(context, folder, inside);
    for (const waiting of inside.names.map((name) => keys.parse(name))) {
      if (waiting === undefined) continue;
      if (waiting.at > context.now() || due.length === RIPE_MAX) {
        return { due, nextAt: waiting.at };
      }
      due.push(waiting);
    }
  }
  return { due };
}

function learn({ signatures }: Context, { name, text }: Folder): void {
  if (!signatures.has(name) && hashOf(text) === name) remember(signatures, name, text);
}

/** Undefined when its jobs have gone meanwhile. */
async function signatureOf(context: Context, hash: string): Promise<string | undefined> {
  const { client, keys, signatures } = context;
  const known = signatures.get(hash);
  if (known !== undefined) return known;
  const { names } = await listKeys(client, keys.inside(hash));
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
