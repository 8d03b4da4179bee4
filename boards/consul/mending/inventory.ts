import { transactEach } from "../../../consul/batch.js";
import { listKeys } from "../../../consul/kv.js";
import { op } from "../../../consul/txn.js";
import type { Inventory } from "../../board.js";
import type { Context } from "../context.js";
import { type Entry, waitingOf } from "../keys.js";
import { allClaims } from "../looking.js";
import { REOPENED, type Standing, standingsOf, unchanged } from "../standing.js";

/**
 * All names at three requests, however many jobs there are. An entry that neither waits nor is held
 * has lost its name, as when an operator deletes a folder: nobody would ever find it, so it is made
 * to wait again. One that moved while the names were read looks the same; it is read once more.
 */
export async function takeInventory(context: Context): Promise<Inventory> {
  const { client, keys } = context;
  const jobs = await listKeys(client, keys.jobs);
  const waiting = await listKeys(client, keys.waiting);
  const claims = await allClaims(context);
  const known = new Set(jobs.map((name) => name.slice(keys.jobs.length)));
  const findable = new Set([
    ...waiting.map((name) => keys.parse(name)?.id),
    // Of those that nobody holds, `reopen` sees to all that it has not made to wait.
    ...claims
      .filter(({ session, flags }) => session !== "" || flags !== REOPENED)
      .map(({ key }) => key.slice(keys.claims.length)),
  ]);
  return {
    exists: async (ids) => {
      const there = ids.filter((id) => known.has(id));
      const lost = there.filter((id) => !findable.has(id));
      if (lost.length > 0) await place(context, lost);
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
async function place(context: Context, ids: readonly string[]): Promise<void> {
  const { client, keys } = context;
  const standings = await standingsOf(context, ids);
  const lost = standings.flatMap((standing): readonly Lost[] => {
    const { entry, claim } = standing;
    const held = claim !== undefined && claim.session !== "";
    return entry === undefined || held ? [] : [{ entry, standing }];
  });
  await transactEach(client, lost, {
    ops: ({ entry, standing }) => [
      ...unchanged(context, entry.id, standing),
      op.set(keys.place(waitingOf(entry)), ""),
    ],
    tail: () => [context.ring()],
  });
}
