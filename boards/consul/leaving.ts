import { op, transact } from "../../consul/txn.js";
import type { Context } from "./context.js";
import { place } from "./folders.js";
import { textOf } from "./keys.js";
import { sameClaim, standingOf, unchanged, unplace } from "./standing.js";

/*
 * Giving up claims. Each is one transaction that compares this very claim; when it is refused, what
 * there is now is looked at, and a claim that is another's or gone is left alone.
 */

/** Looks and tries again so often when others change the job in between. */
const ROUNDS = 5;
/** Entries removed at a time. */
const AT_ONCE = 8;

export interface Leaving {
  readonly id: string;
  readonly claimId: string;
}

export async function abandon(
  context: Context,
  { id, claimId }: Leaving,
  delayMs: number,
): Promise<void> {
  const { client, keys, holdings } = context;
  holdings.delete(claimId);
  for (let round = 0; round < ROUNDS; round += 1) {
    const { entry, claim } = await standingOf(context, id);
    if (claim?.value !== claimId) return;
    if (entry === undefined) {
      // Somebody deleted it: a sweep puts the job again.
      if ((await transact(client, [...sameClaim(claim), op.delete(claim.key)])).done) return;
      continue;
    }
    const at = delayMs > 0 ? Math.ceil(context.now() + delayMs) : 0;
    const next = { ...entry, at };
    const outcome = await transact(client, [
      ...sameClaim(claim),
      op.delete(claim.key),
      ...unplace(context, entry),
      op.set(keys.job(id), textOf(next)),
      ...place(context, next),
      context.ring(),
    ]);
    if (outcome.done) return;
  }
}

export async function consume(context: Context, { id, claimId }: Leaving): Promise<void> {
  const { client, keys, holdings } = context;
  const holding = holdings.get(claimId);
  holdings.delete(claimId);
  const [job, key] = [op.delete(keys.job(id)), keys.claim(id)];
  if (holding !== undefined) {
    const mine = sameClaim({ ...holding, key });
    if ((await transact(client, [...mine, op.delete(key), job])).done) return;
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const { entry, claim } = await standingOf(context, id);
    if (claim?.value !== claimId) return;
    const away = entry === undefined ? [] : unplace(context, entry);
    const steps = [...sameClaim(claim), op.delete(key), job, ...away];
    if ((await transact(client, steps)).done) return;
  }
}

/** Entries that nobody holds; one that is claimed meanwhile stays. */
export async function remove(context: Context, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    await Promise.all(ids.slice(from, from + AT_ONCE).map((id) => removeOne(context, id)));
  }
}

async function removeOne(context: Context, id: string): Promise<void> {
  const { client, keys } = context;
  const standing = await standingOf(context, id);
  const { entry, claim } = standing;
  if (entry === undefined || (claim !== undefined && claim.session !== "")) return;
  await transact(client, [
    ...unchanged(context, id, standing),
    ...[op.delete(keys.job(id)), op.delete(keys.claim(id))],
    ...unplace(context, entry),
  ]);
}
