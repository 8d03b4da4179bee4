import { JobrunnerError } from "../common/error.js";
import type { ConsulClient } from "./client.js";
import { type Op, OPS_MAX, transact, TXN_BYTES_MAX } from "./txn.js";

export interface Batch<T> {
  /** What is to be done for one item; nothing of it happens when a step of it fails. */
  ops(item: T): readonly Op[];
  /** A write that an item needs beside its own: once in a transaction for each key. */
  beside?(item: T): Op;
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
    const beside = new Map<string, Op>();
    for (const each of left) if (each.beside) beside.set(each.beside.Key, each.beside);
    const told = tell && batch.tell !== undefined ? [batch.tell()] : [];
    const steps = [...left.flatMap(({ ops }) => ops), ...beside.values(), ...told];
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
  readonly beside: Op | undefined;
}

function parts<T>(items: readonly T[], batch: Batch<T>): readonly (readonly Member<T>[])[] {
  const all: Member<T>[][] = [];
  let [keys, count, bytes] = [new Set<string>(), 0, 0];
  for (const item of items) {
    const [ops, beside] = [batch.ops(item), batch.beside?.(item)];
    const own = [...ops, ...(beside ? [beside] : [])];
    const size = own.reduce((sum, { Key, Value = "" }) => sum + Key.length + Value.length + 100, 0);
    if (beside !== undefined) keys.add(beside.Key);
    // One step is left for telling.
    const fits = count + ops.length + keys.size < OPS_MAX && bytes + size <= TXN_BYTES_MAX;
    if (all.length === 0 || !fits) {
      all.push([]);
      [keys, count, bytes] = [new Set(beside ? [beside.Key] : []), 0, 0];
    }
    all.at(-1)?.push({ item, ops, beside });
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
