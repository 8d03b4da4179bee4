import type { Item } from "../../consul/kv.js";
import { op, type Op, transact } from "../../consul/txn.js";
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

export async function standingOf({ client, keys }: Context, id: string): Promise<Standing> {
  const [job, claim] = [keys.job(id), keys.claim(id)];
  // A tree may be empty where `get` would refuse; ids that begin with this one are left out.
  const outcome = await transact(client, [op.getTree(job), op.getTree(claim)]);
  const items = outcome.done ? outcome.items : [];
  const found = items.find(({ key }) => key === job);
  return {
    entry: found === undefined ? undefined : parseEntry(id, found.value),
    index: found?.index ?? 0,
    claim: items.find(({ key }) => key === claim),
  };
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
export function sameClaim({ key, index, session }: Item): readonly Op[] {
  const same = op.checkIndex(key, index);
  return session === "" ? [same] : [same, op.checkSession(key, session)];
}

/** Steps that take a job from wherever it may wait. */
export function unplace({ keys }: Context, entry: Entry): readonly Op[] {
  const waiting = waitingOf(entry);
  const open = op.delete(keys.place({ ...waiting, at: 0 }));
  return entry.at === 0 ? [open] : [open, op.delete(keys.place(waiting))];
}
