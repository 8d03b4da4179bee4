import { op, type Op, OPS_MAX, lacksSession, type Outcome, transact } from "../../consul/txn.js";
import type { Claimed, Posting, Renewed } from "../board.js";
import type { Context, Place } from "./context.js";
import { unmark } from "./folders.js";
import { textOf } from "./keys.js";
import { sameClaim, type Standing, standingOf, unchanged, unplace } from "./standing.js";

/*
 * Taking and keeping claims. Each may be done again when its answer was lost (P-4). The caller
 * counts the lease from the moment it asks, so the session must have a whole one before it, nearly.
 */

/** Looks and tries again so often when others change the job in between. */
const ROUNDS = 5;

export async function claim(context: Context, id: string, claimId: string): Promise<Claimed> {
  const { lease, places, spread } = context;
  await lease.fresh();
  const seen = places.get(id);
  places.delete(id);
  // At once, however old the look. Measured with 20 agents: to look at the job again saves no lost
  // race, and costs a request for each job.
  const tried = seen === undefined ? "gone" : await takeAtOnce(context, { id, claimId }, seen);
  if (tried === "claimed") return "claimed";
  const claimed = await settle(context, id, claimId);
  if (claimed === "taken" && tried === "refused" && seen !== undefined)
    await withdraw(context, seen);
  if (claimed !== "claimed") spread.lost();
  return claimed;
}

/** The last job of a folder takes the folder's key along, unless another was placed meanwhile. */
async function takeAtOnce(
  context: Context,
  named: Named,
  seen: Place,
): Promise<"claimed" | "gone" | "refused"> {
  const place = context.keys.place(seen);
  const take = [op.get(place), op.delete(place)];
  const along = seen.alone === undefined ? [] : unmark(context, seen.alone);
  const tried = along.length === 0 ? undefined : await lock(context, named, [...take, ...along]);
  if (tried?.done) return "claimed";
  if (tried?.failed.has(0)) return "gone";
  const outcome = await lock(context, named, take);
  if (outcome.done) return "claimed";
  return outcome.failed.has(0) ? "gone" : "refused";
}

/**
 * Takes away the name of a job that somebody holds. The board never leaves such a one; but where
 * somebody has deleted jobs/, a sweep puts the entry as of a job that nobody holds. Everybody would
 * try it again and again.
 */
async function withdraw(context: Context, seen: Place): Promise<void> {
  const { client, keys } = context;
  const { claim: held } = await standingOf(context, seen.id);
  if (held === undefined || held.session === "") return;
  await transact(client, [...sameClaim(held), op.delete(keys.place(seen))]);
}

/** P-23: puts the entry and claims it in one act; takes it when a sweep has put it meanwhile. */
export async function reclaim(
  context: Context,
  posting: Posting,
  claimId: string,
): Promise<Claimed> {
  await context.lease.fresh();
  const { id, signature, priority } = posting;
  const name = { id, claimId };
  const text = textOf({ id, signature, priority, at: 0 });
  for (let round = 0; round < ROUNDS; round += 1) {
    const put = op.cas(context.keys.job(id), text, { index: 0 });
    if ((await lock(context, name, [put])).done) return "claimed";
    const standing = await standingOf(context, id);
    if (isHeld(context, standing, claimId)) return "claimed";
    if (standing.claim !== undefined && standing.claim.value !== claimId) return "taken";
    if (standing.entry !== undefined && (await take(context, name, standing))) return "claimed";
  }
  return "taken";
}

/**
 * One read for 64 claims says which are untouched since they were last known to be good: neither
 * their session has ended nor has anybody written them. The others are looked at one by one.
 */
export async function renew(
  context: Context,
  claims: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, Renewed>> {
  // The claims may be there still while the session is about to end.
  await context.lease.fresh();
  const answers = new Map<string, Renewed>();
  const all = [...claims];
  for (let from = 0; from < all.length; from += OPS_MAX) {
    const part = all.slice(from, from + OPS_MAX);
    const good = await untouched(context, part);
    const mended = await Promise.all(
      part.map(async ([id, claimId]): Promise<Renewed> => {
        return good.has(id) ? "ok" : mend(context, id, claimId);
      }),
    );
    part.forEach(([id], n) => answers.set(id, mended[n] ?? "gone"));
  }
  return answers;
}

type NamedClaim = readonly [id: string, claimId: string];

async function untouched(
  { client, keys, holdings }: Context,
  claims: readonly NamedClaim[],
): Promise<ReadonlySet<string>> {
  const known = claims.flatMap(([id, claimId]) => {
    const holding = holdings.get(claimId);
    return holding === undefined ? [] : [{ id, index: holding.index }];
  });
  if (known.length === 0) return new Set();
  const outcome = await transact(
    client,
    known.map(({ id, index }) => op.checkIndex(keys.claim(id), index)),
  );
  const good = known.filter((_, n) => outcome.done || !outcome.failed.has(n));
  return new Set(good.map(({ id }) => id));
}

/** A claim whose session has ended is locked again as long as nobody else took it. */
async function mend(context: Context, id: string, claimId: string): Promise<Renewed> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const standing = await standingOf(context, id);
    if (isHeld(context, standing, claimId)) return "ok";
    context.holdings.delete(claimId);
    const { claim: found, entry } = standing;
    if (found === undefined || entry === undefined) return "gone";
    if (found.value !== claimId) return "taken";
    if (await take(context, { id, claimId }, standing)) return "ok";
  }
  return "taken";
}

/** After a claim that did not go through at once, or whose job was not seen waiting before. */
async function settle(context: Context, id: string, claimId: string): Promise<Claimed> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const standing = await standingOf(context, id);
    const { entry, claim: found } = standing;
    if (entry === undefined) return "gone";
    if (isHeld(context, standing, claimId)) return "claimed";
    if (found !== undefined && found.session !== "") return "taken";
    if (found === undefined && entry.at > context.now()) return "taken";
    if (await take(context, { id, claimId }, standing)) return "claimed";
  }
  return "taken";
}

/** Whether this claim holds the job; it is remembered as good then. */
function isHeld(context: Context, { claim: found }: Standing, claimId: string): boolean {
  if (found === undefined || found.value !== claimId || found.session === "") return false;
  context.holdings.set(claimId, { index: found.index, session: found.session });
  return true;
}

interface Named {
  readonly id: string;
  readonly claimId: string;
}

/** Takes a job that nobody holds, wherever it waits, if it still stands as it was seen. */
async function take(context: Context, named: Named, standing: Standing): Promise<boolean> {
  const { entry } = standing;
  const away = entry === undefined ? [] : unplace(context, entry);
  const steps = [...unchanged(context, named.id, standing), ...away];
  return (await lock(context, named, steps)).done;
}

/** Locks the claim in one transaction with `steps`. */
async function lock(
  context: Context,
  { id, claimId }: Named,
  steps: readonly Op[],
): Promise<Outcome> {
  const { client, keys, lease, holdings } = context;
  const session = await lease.session();
  const key = keys.claim(id);
  const outcome = await transact(client, [...steps, op.lock(key, claimId, session)]);
  if (!outcome.done) {
    if (lacksSession(outcome)) lease.ended(session);
    return outcome;
  }
  const index = outcome.items.find((item) => item.key === key)?.index ?? 0;
  holdings.set(claimId, { index, session });
  return outcome;
}
