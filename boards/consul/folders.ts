import { randomInt } from "node:crypto";
import { getTree, type Listing } from "../../consul/kv.js";
import { op, type Op, transact } from "../../consul/txn.js";
import type { Context } from "./context.js";
import { type Entry, type Folder, folderOf, waitingOf } from "./keys.js";

/*
 * Where to look for waiting jobs. To list the folders of waiting/ themselves Consul would walk over
 * every job in them; so each folder has a key in folders/ beside it. That key is written anew by
 * every transaction that places a job, and taken away by one that compares its index: as it was
 * before somebody saw the folder empty. A key without jobs costs who is able to run them one list
 * more; jobs without a key would not be found before a sweep.
 */

/** Characters of a signature; a longer one is read from a job. */
const TEXT_MAX = 1_000;
/** Equal values would leave the key's index as it is. */
const STAMPS = 2 ** 47;

/** Steps that let a job wait where it is looked for. */
export function place(context: Context, entry: Entry): readonly Op[] {
  return [mark(context, entry), op.set(context.keys.place(waitingOf(entry)), "")];
}

/** Step that names the folder of a job, in the transaction that places it. */
export function mark({ keys }: Context, entry: Entry): Op {
  const folder = keys.folder(folderOf(waitingOf(entry)));
  return { ...op.set(folder, textOf(entry)), Flags: randomInt(STAMPS) };
}

function textOf({ signature, at }: Entry): string {
  return at > 0 || signature.length > TEXT_MAX ? "" : signature;
}

/** Steps that take away the key of a folder, if it is still as it was seen. */
export function unmark({ keys }: Context, { name, index }: Folder): readonly Op[] {
  const key = keys.folder(name);
  return [op.checkIndex(key, index), op.delete(key)];
}

/** Every folder in which jobs may wait, in the order of their names, so minutes in theirs. */
export async function listFolders(context: Context): Promise<readonly Folder[]> {
  const { client, keys } = context;
  const items = await getTree(client, keys.folders);
  return items.map(({ key, index, value }) => ({
    ...{ name: key.slice(keys.folders.length), index, text: value },
  }));
}

/**
 * Whether a list that was asked for later is no older than the folder was seen: a server that has
 * just lost an election may answer from before.
 */
export function isYoung({ index }: Listing, folder: Folder): boolean {
  return index >= folder.index;
}

/** Takes the key of a folder away in which a list that was asked for later has shown nothing. */
export async function forgetEmpty(
  context: Context,
  folder: Folder,
  inside: Listing,
): Promise<void> {
  if (inside.names.length > 0 || !isYoung(inside, folder)) return;
  await transact(context.client, unmark(context, folder));
}
