import { getTree, type Item } from "../../consul/kv.js";
import { op, type Op, OPS_MAX, transact } from "../../consul/txn.js";
import type { Context } from "./context.js";
import { type Entry, parseEntry, waitingOf } from "./keys.js";

/** On a claim: nobody holds it, and its job waits again. Any new lock takes the flag away. */
export const REOPENED = 1;

/** What the board knows of a job at one moment. */
export interface Standing {
  readonly entry: Entry | undefined;
  /** Of jobs/<id>; 0 when there is none. */
  readonly index: number;
  /** Locked by the holder's session; by none when that session has ended. */
  readonly claim: Item | undefined;
}

export async function standingOf(context: Context, id: string): Promise<Standing> {
  const [standing = NOWHERE] = await standingsOf(context, [id]);
  return standing;
}

const NOWHERE: Standing = { entry: undefined, index: 0, claim: undefined };

/** In the order of `ids`, as many to a read as fit. */
export async function standingsOf(
  { client, keys }: Context,
  ids: readonly string[],
): Promise<readonly Standing[]> {
  const standings: Standing[] = [];
  for (let from = 0; from < ids.length; from += OPS_MAX / 2) {
    const part = ids.slice(from, from + OPS_MAX / 2);
    // A tree may be empty where `get` would refuse; ids that begin with these are left out.
    const outcome = await transact(
      client,
      part.flatMap((id) => [op.getTree(keys.job(id)), op.getTree(keys.claim(id))]),
    );
    const items = new Map((outcome.done ? outcome.items : []).map((item) => [item.key, item]));
    for (const id of part) {
      const [job, claim] = [items.get(keys.job(id)), items.get(keys.claim(id))];
      const entry = job === undefined ? undefined : parseEntry(id, job.value);
      standings.push({ entry, index: job?.index ?? 0, claim });
    }
  }
  return standings;
}

/** Steps that refuse the transaction when the job stands otherwise by now. */
export function unchanged({ keys }: Context, id: string, standing: Standing): readonly Op[] {
  const { claim, index } = standing;
  const job = keys.job(id);
  return [
    ...(index === 0 ? [op.checkAbsent(job)] : [op.checkIndex(job, index)]),
    ...(claim === undefined ? [op.checkAbsent(keys.claim(id))] : sameClaim(claim)),
  ];
}

/** Steps that refuse the transaction when this very claim is over. */
export function sameClaim({
  key,
  index,
  session,
}: Pick<Item, "key" | "index" | "session">): readonly Op[] {
  const same = op.checkIndex(key, index);
  return session === "" ? [same] : [same, op.checkSession(key, session)];
}

/** Steps that take a job from wherever it may wait. */
export function unplace({ keys }: Context, entry: Entry): readonly Op[] {
  const waiting = waitingOf(entry);
  const open = op.delete(keys.place({ ...waiting, at: 0 }));
  return entry.at === 0 ? [open] : [open, op.delete(keys.place(waiting))];
}

/** Every claim there is, whoever holds it, and whether its session lives or not. */
export function allClaims({ client, keys }: Context): Promise<readonly Item[]> {
  return getTree(client, keys.claims);
}
