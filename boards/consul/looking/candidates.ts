import { setTimeout as sleep } from "node:timers/promises";
import { listKeys } from "../../../consul/kv.js";
import type { Candidate } from "../../board.js";
import { type Context, remember } from "../context.js";
import { forgetEmpty, isYoung } from "../folders.js";
import { type Folder, hashOf, type Waiting } from "../keys.js";

interface Found extends Waiting {
  readonly signature: string;
  /** Which nothing else was in. */
  readonly alone?: Folder;
}

export async function candidates(
  context: Context,
  signatures: readonly string[],
  limit: number,
): Promise<readonly Candidate[]> {
  const { places, spread } = context;
  let found = await sorted(context, signatures, limit);
  const leaveMs = spread.leaveMs(found);
  if (leaveMs !== undefined) {
    const { closed: signal } = context;
    await sleep(leaveMs, undefined, { signal, ref: false }).catch(() => undefined); // Closed.
    found = await sorted(context, signatures, limit);
  }
  const chosen = spread.order(found, limit);
  for (const waiting of chosen) remember(places, waiting.id, waiting);
  return chosen.map(({ id, signature }) => ({ id, signature }));
}

/** Of all signatures, best priority first, then oldest. */
async function sorted(
  context: Context,
  signatures: readonly string[],
  limit: number,
): Promise<readonly Found[]> {
  const among = context.spread.among(limit);
  const listed = await Promise.all(signatures.map((each) => foundOf(context, each, among)));
  return listed.length === 1 ? listed.flat() : listed.flat().sort(compare);
}

async function foundOf(
  context: Context,
  signature: string,
  among: number,
): Promise<readonly Found[]> {
  const { client, keys, surveyed } = context;
  const hash = hashOf(signature);
  // Taken before the list is asked for, and used once: after a lost race it is out of date.
  const folder = surveyed.get(hash);
  surveyed.delete(hash);
  const inside = await listKeys(client, keys.inside(hash));
  if (folder !== undefined) await forgetEmpty(context, folder, inside);
  const isAlone = inside.names.length === 1 && folder !== undefined && isYoung(inside, folder);
  const alone = isAlone ? { alone: folder } : {};
  // In order already: names of one folder begin with the rank, and then come ids by age.
  return inside.names.slice(0, among).flatMap((name) => {
    const waiting = keys.parse(name);
    return waiting === undefined ? [] : [{ ...waiting, signature, ...alone }];
  });
}

function compare(a: Waiting, b: Waiting): number {
  if (a.rank !== b.rank) return a.rank < b.rank ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
