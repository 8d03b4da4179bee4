import { randomInt } from "node:crypto";
import { getKey, getTree, listKeys } from "../../consul/kv.js";
import { op, type Op, transact } from "../../consul/txn.js";
import type { Context } from "./context.js";
import { type Entry, type Folder, folderOf, type Waiting, waitingOf } from "./keys.js";

/*
 * Where to look for waiting jobs. To list the folders of waiting/ themselves Consul would walk over
 * every job in them; so each folder has a key in folders/ beside it. That key is written anew by
 * every transaction that places a job, and taken away by one that compares its index: as it was
 * before somebody saw the folder empty. A key without jobs costs a look; jobs without a key would
 * not be found before a sweep.
 */

/** Equal values would leave the key's index as it is. */
const STAMPS = 2 ** 47;

/** Steps that let a job wait where it is looked for. */
export function place(context: Context, entry: Entry): readonly Op[] {
  return [...mark(context, [entry]), op.set(context.keys.place(waitingOf(entry)), "")];
}

/** Steps that name the folders of jobs, in the transaction that places them. */
export function mark({ keys }: Context, entries: readonly Entry[]): readonly Op[] {
  const folders = new Set(entries.map((entry) => folderOf(waitingOf(entry))));
  return [...folders].map((name) => ({
    ...op.set(keys.folder(name), ""),
    Flags: randomInt(STAMPS),
  }));
}

/** Steps that take away the key of a folder that was empty after it was seen so. */
export function emptied({ keys }: Context, { name, index }: Folder): readonly Op[] {
  const key = keys.folder(name);
  return [op.checkIndex(key, index), op.delete(key)];
}

/** Every folder in which jobs may wait, in the order of their names. */
export async function listFolders({ client, keys }: Context): Promise<readonly Folder[]> {
  const items = await getTree(client, keys.folders);
  return items.map(({ key, index }) => ({ name: key.slice(keys.folders.length), index }));
}

/** Takes the key of a folder away that was empty after it was seen so. */
export async function forget(context: Context, folder: Folder): Promise<void> {
  await transact(context.client, emptied(context, folder));
}

/** After jobs were taken from where they waited without a look at their folders. */
export async function tidy(context: Context, taken: readonly Waiting[]): Promise<void> {
  const { client, keys } = context;
  for (const name of new Set(taken.map(folderOf))) {
    const { body } = await getKey(client, keys.folder(name));
    if (body === undefined) continue;
    const inside = await listKeys(client, keys.inside(name));
    if (inside.length === 0) await forget(context, { name, index: body.index });
  }
}
