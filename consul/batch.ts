import { JobrunnerError } from "../common/error.js";
import type { ConsulClient } from "./client.js";
import { type Op, OPS_MAX, transact, TXN_BYTES_MAX } from "./txn.js";

export interface Batch<T> {
  /** What is to be done for one item; nothing of it happens when a step of it fails. */
  ops(item: T): readonly Op[];
  /** Done once in each transaction. */
  tail(): readonly Op[];
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
  for (const part of parts(items, batch)) {
    let left = part;
    while (left.length > 0) {
      const outcome = await transact(client, [...left.flatMap(({ ops }) => ops), ...batch.tail()]);
      if (outcome.done) break;
      const { kept, dropped } = divide(left, [...outcome.failed.keys()]);
      refused.push(...dropped.map(({ item }) => item));
      // A tail that fails would fail for ever.
      if (dropped.length === 0) {
        throw new JobrunnerError("INTERNAL", [...outcome.failed.values()].join("; "));
      }
      left = kept;
    }
  }
  return refused;
}

interface Member<T> {
  readonly item: T;
  readonly ops: readonly Op[];
}

function parts<T>(items: readonly T[], batch: Batch<T>): readonly (readonly Member<T>[])[] {
  const most = OPS_MAX - batch.tail().length;
  const all: Member<T>[][] = [];
  let [count, bytes] = [Number.POSITIVE_INFINITY, 0];
  for (const item of items) {
    const ops = batch.ops(item);
    const size = ops.reduce((sum, { Key, Value = "" }) => sum + Key.length + Value.length + 100, 0);
    if (count + ops.length > most || bytes + size > TXN_BYTES_MAX) {
      all.push([]);
      [count, bytes] = [0, 0];
    }
    all.at(-1)?.push({ item, ops });
    [count, bytes] = [count + ops.length, bytes + size];
  }
  return all;
}

function divide<T>(
  members: readonly Member<T>[],
  failed: readonly number[],
): { readonly kept: readonly Member<T>[]; readonly dropped: readonly Member<T>[] } {
  const [kept, dropped]: [Member<T>[], Member<T>[]] = [[], []];
  let from = 0;
  for (const member of members) {
    const to = from + member.ops.length;
    (failed.some((index) => index >= from && index < to) ? dropped : kept).push(member);
    from = to;
  }
  return { kept, dropped };
}
