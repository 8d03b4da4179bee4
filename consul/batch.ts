import { JobrunnerError } from "../common/error.js";
import type { ConsulClient } from "./client.js";
import { type Op, OPS_MAX, transact, TXN_BYTES_MAX } from "./txn.js";

export interface Batch<T> {
  /** What is to be done for one item; nothing of it happens when a step of it fails. */
  ops(item: T): readonly Op[];
  /** What goes with these items, once in their transaction; never refuses. */
  beside?(items: readonly T[]): readonly Op[];
  /**
   * Wakes those who wait for what is done here: with the first transaction, and with the last one
   * or after it. In each it would wake them as often as there are transactions, all for one act;
   * when this agent dies in between, they hear of the others with whatever comes next.
   */
  tell?(): Op;
}

/**
 * Does something for each item, as many to a transaction as fit: 30 small writes cost the servers
 * hardly more than one. A transaction that is refused is tried again without the items that
 * refused it; these are returned.
 */
export async function transactEach<T>(
  client: ConsulClient,
  items: readonly T[],
  batch: Batch<T>,
): Promise<readonly T[]> {
  const refused: T[] = [];
  let untold = false;
  const all = parts(items, batch);
  for (const [n, part] of all.entries()) {
    const tell = n === 0 || n === all.length - 1;
    const left = await transactPart(client, part, { batch, tell });
    refused.push(...part.filter((member) => !left.includes(member)).map(({ item }) => item));
    if (left.length > 0) untold = !tell;
  }
  if (untold && batch.tell !== undefined) await transact(client, [batch.tell()]);
  return refused;
}

/** Returns those whose steps were done. */
async function transactPart<T>(
  client: ConsulClient,
  part: readonly Member<T>[],
  { batch, tell }: { readonly batch: Batch<T>; readonly tell: boolean },
): Promise<readonly Member<T>[]> {
  let left = part;
  while (left.length > 0) {
    const beside = batch.beside?.(left.map(({ item }) => item)) ?? [];
    const told = tell && batch.tell !== undefined ? [batch.tell()] : [];
    const steps = [...left.flatMap(({ ops }) => ops), ...beside, ...told];
    const outcome = await transact(client, steps);
    if (outcome.done) return left;
    const failed = [...outcome.failed.keys()];
    const kept = withoutFailed(left, failed);
    // What goes beside and fails would fail for ever.
    if (kept.length === left.length) {
      throw new JobrunnerError("INTERNAL", [...outcome.failed.values()].join("; "));
    }
    left = kept;
  }
  return [];
}

interface Member<T> {
  readonly item: T;
  readonly ops: readonly Op[];
}

function parts<T>(items: readonly T[], batch: Batch<T>): readonly (readonly Member<T>[])[] {
  const all: Member<T>[][] = [];
  let [count, bytes] = [0, 0];
  for (const item of items) {
    const ops = batch.ops(item);
    const size = ops.reduce((sum, { Key, Value = "" }) => sum + Key.length + Value.length + 100, 0);
    const part = all.at(-1);
    const beside = batch.beside?.([...(part ?? []).map((each) => each.item), item]).length ?? 0;
    const fits = count + ops.length + beside < OPS_MAX && bytes + size <= TXN_BYTES_MAX;
    if (part !== undefined && fits) part.push({ item, ops });
    else {
      all.push([{ item, ops }]);
      [count, bytes] = [0, 0];
    }
    [count, bytes] = [count + ops.length, bytes + size];
  }
  return all;
}

function withoutFailed<T>(
  members: readonly Member<T>[],
  failed: readonly number[],
): readonly Member<T>[] {
  let from = 0;
  return members.filter(({ ops }) => {
    const [first, next] = [from, from + ops.length];
    from = next;
    return !failed.some((index) => index >= first && index < next);
  });
}
