import { transactEach } from "../../../consul/batch.js";
import { listKeys } from "../../../consul/kv.js";
import type { Inventory } from "../../board.js";
import type { Context } from "../context.js";
import { isYoung, listFolders, place, unmark } from "../folders.js";
import { type Entry, folderOf } from "../keys.js";
import { allClaims, REOPENED, type Standing, standingsOf, unchanged } from "../standing.js";

/**
 * All names at four requests, however many jobs there are. An entry that neither waits nor is held
 * has lost its name or that of its folder, as when an operator deletes some: nobody would ever find
 * it, so it is made to wait again. One that moved while the names were read looks the same; it is
 * read once more. Names of folders in which nothing waits are taken away.
 */
export async function takeInventory(context: Context): Promise<Inventory> {
  const { client, keys } = context;
  const folders = await listFolders(context);
  const { names: jobs } = await listKeys(client, keys.jobs);
  const inside = await listKeys(client, keys.waiting);
  const waiting = inside.names.flatMap((name) => keys.parse(name) ?? []);
  const filled = new Set(waiting.map(folderOf));
  const empty = folders.filter((each) => !filled.has(each.name) && isYoung(inside, each));
  await transactEach(client, empty, { ops: (folder) => unmark(context, folder) });
  const named = new Set(folders.map(({ name }) => name));
  const claims = await allClaims(context);
  const known = new Set(jobs.map((name) => name.slice(keys.jobs.length)));
  const findable = new Set([
    ...waiting.filter((each) => named.has(folderOf(each))).map(({ id }) => id),
    // Of those that nobody holds, `reopen` sees to all that it has not made to wait.
    ...claims
      .filter(({ session, flags }) => session !== "" || flags !== REOPENED)
      .map(({ key }) => key.slice(keys.claims.length)),
  ]);
  return {
    exists: async (ids) => {
      const there = ids.filter((id) => known.has(id));
      const lost = there.filter((id) => !findable.has(id));
      if (lost.length > 0) await placeAgain(context, lost);
      for (const id of lost) findable.add(id);
      return new Set(there);
    },
  };
}

interface Lost {
  readonly entry: Entry;
  readonly standing: Standing;
}

/** Gives entries that nobody holds their names again. */
async function placeAgain(context: Context, ids: readonly string[]): Promise<void> {
  const { client } = context;
  const standings = await standingsOf(context, ids);
  const lost = standings.flatMap((standing): readonly Lost[] => {
    const { entry, claim } = standing;
    const held = claim !== undefined && claim.session !== "";
    return entry === undefined || held ? [] : [{ entry, standing }];
  });
  await transactEach(client, lost, {
    ops: ({ entry, standing }) => [
      ...unchanged(context, entry.id, standing),
      ...place(context, entry),
    ],
    tell: () => context.ring(),
  });
}
