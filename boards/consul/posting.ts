import { transactEach } from "../../consul/batch.js";
import { op, OPS_MAX, transact } from "../../consul/txn.js";
import type { Posting } from "../board.js";
import type { Context } from "./context.js";
import { mark, place } from "./folders.js";
import { type Entry, entryOf, parseEntry, textOf, type Waiting, waitingOf } from "./keys.js";
import { REOPENED, standingOf, unchanged, unplace } from "./standing.js";

/** Puts entries; those the board knows in any state refuse, and stay as they are (P-2). */
export async function put(context: Context, postings: readonly Posting[]): Promise<void> {
  const { client, keys } = context;
  const now = context.now();
  const entries = new Map(postings.map((posting) => [posting.id, entryOf(posting, now)]));
  await transactEach(client, [...entries.values()], {
    ops: (entry) => [
      op.cas(keys.job(entry.id), textOf(entry), { index: 0 }),
      op.set(keys.place(waitingOf(entry)), ""),
    ],
    beside: (entry) => mark(context, entry),
    tell: () => context.ring(),
  });
}

/** Looks and tries again so often when others change the job in between. */
const ROUNDS = 5;

/** P-42: the entry, and the name under which it waits; one that is held has no such name. */
export async function reprioritise(context: Context, id: string, priority: number): Promise<void> {
  const { client, keys } = context;
  for (let round = 0; round < ROUNDS; round += 1) {
    const standing = await standingOf(context, id);
    const { entry, claim } = standing;
    if (entry === undefined || entry.priority === priority) return;
    const next = { ...entry, priority };
    const waits = claim === undefined || (claim.session === "" && claim.flags === REOPENED);
    const { done } = await transact(client, [
      ...unchanged(context, id, standing),
      op.set(keys.job(id), textOf(next)),
      ...(waits ? [...unplace(context, entry), ...place(context, next)] : []),
    ]);
    if (done) return;
  }
}

interface Due {
  readonly waiting: Waiting;
  readonly entry: Entry | undefined;
  readonly index: number;
}

/** Makes delayed jobs claimable whose time has come; two agents that do it do no harm. */
export async function ripen(context: Context, waiting: readonly Waiting[]): Promise<void> {
  const { client, keys } = context;
  const due: Due[] = [];
  for (let from = 0; from < waiting.length; from += OPS_MAX) {
    due.push(...(await entriesOf(context, waiting.slice(from, from + OPS_MAX))));
  }
  await transactEach(client, due, {
    ops: (each) => {
      const name = keys.place(each.waiting);
      const gone = [op.get(name), op.delete(name)];
      const { entry, index } = each;
      // A name whose job is no more would be looked at for ever.
      if (entry === undefined) return [...gone, op.checkAbsent(keys.job(each.waiting.id))];
      const open = { ...entry, at: 0 };
      return [
        ...gone,
        op.cas(keys.job(entry.id), textOf(open), { index }),
        ...place(context, open),
      ];
    },
    tell: () => context.ring(),
  });
}

async function entriesOf(
  { client, keys }: Context,
  waiting: readonly Waiting[],
): Promise<readonly Due[]> {
  const trees = waiting.map(({ id }) => op.getTree(keys.job(id)));
  const outcome = await transact(client, trees);
  const items = new Map((outcome.done ? outcome.items : []).map((item) => [item.key, item]));
  return waiting.map((each) => {
    const item = items.get(keys.job(each.id));
    const entry = item === undefined ? undefined : parseEntry(each.id, item.value);
    return { waiting: each, entry, index: item?.index ?? 0 };
  });
}
