import type { ConsulClient, Request } from "./client.js";
import { refusedBy } from "./failure.js";
import { type Item, itemOf, type RawItem } from "./kv.js";

/** Consul before 1.14 takes no more in one transaction. */
export const OPS_MAX = 64;
/** Below Consul's limit of 512 KiB for the body, with its base64 and the names around it. */
export const TXN_BYTES_MAX = 300 * 1024;

/** One step of a transaction; all succeed, or nothing happens. */
export interface Op {
  readonly Verb:
    | "set"
    | "cas"
    | "lock"
    | "get"
    | "get-tree"
    | "check-index"
    | "check-session"
    | "check-not-exists"
    | "delete";
  readonly Key: string;
  readonly Value?: string;
  readonly Flags?: number;
  readonly Index?: number;
  readonly Session?: string;
}

/** Steps by name. Those that say `get` or `check` change nothing and fail the whole otherwise. */
export const op = {
  set: (key: string, value: string): Op => ({ Verb: "set", Key: key, Value: encode(value) }),
  /** Sets it when its index is still this one; 0: when it does not exist. */
  cas: (
    key: string,
    value: string,
    at: { readonly index: number; readonly flags?: number },
  ): Op => ({
    ...{ Verb: "cas", Key: key, Value: encode(value), Index: at.index, Flags: at.flags ?? 0 },
  }),
  /** Sets it and locks it; fails when another session holds it. */
  lock: (key: string, value: string, session: string): Op => ({
    ...{ Verb: "lock", Key: key, Value: encode(value), Session: session },
  }),
  get: (key: string): Op => ({ Verb: "get", Key: key }),
  getTree: (prefix: string): Op => ({ Verb: "get-tree", Key: prefix }),
  checkIndex: (key: string, index: number): Op => ({ Verb: "check-index", Key: key, Index: index }),
  checkSession: (key: string, session: string): Op => ({
    ...{ Verb: "check-session", Key: key, Session: session },
  }),
  checkAbsent: (key: string): Op => ({ Verb: "check-not-exists", Key: key }),
  /** Also succeeds when there is no such key. */
  delete: (key: string): Op => ({ Verb: "delete", Key: key }),
} as const;

export type Outcome =
  | { readonly done: true; readonly items: readonly Item[] }
  | { readonly done: false; readonly failed: ReadonlyMap<number, string> };

/**
 * Runs a transaction of at most OPS_MAX steps. `items` are the keys read or written, without those
 * deleted or only checked. `failed` says which steps refused it and, in Consul's words, why; all
 * of them are named. Steps that only read or check cost no write on the servers. Rejects with
 * BOARD_DOWN when it may or may not have happened.
 */
export async function transact(
  client: ConsulClient,
  ops: readonly Op[],
  request: Request = {},
): Promise<Outcome> {
  // By hand: the package's own method takes steps of other shapes than the API's, by its types.
  const answer = await client.put<TxnAnswer>(
    { path: "/txn", body: ops.map((each) => ({ KV: each })) },
    { ...request, expect: [409] },
  );
  if (answer.status !== 409) {
    const results = answer.body?.Results ?? [];
    return { done: true, items: results.flatMap(({ KV }) => (KV ? [decoded(KV)] : [])) };
  }
  const errors = answer.body?.Errors ?? [];
  const denied = errors.find(({ What }) => What.includes("Permission denied"));
  // A transaction says 409 where any other request says 403.
  if (denied !== undefined) throw refusedBy(client.where, { status: 403, text: denied.What });
  return { done: false, failed: new Map(errors.map(({ OpIndex, What }) => [OpIndex, What])) };
}

/** Whether a transaction failed because the session that should lock or hold is no more. */
export function lacksSession({ failed }: Outcome & { readonly done: false }): boolean {
  return [...failed.values()].some((what) => what.includes("invalid session"));
}

interface TxnAnswer {
  readonly Results?: readonly { readonly KV?: RawItem }[] | null;
  readonly Errors?: readonly { readonly OpIndex: number; readonly What: string }[] | null;
}

function decoded(raw: RawItem): Item {
  return itemOf(raw, Buffer.from(raw.Value ?? "", "base64").toString());
}

function encode(value: string): string {
  return Buffer.from(value).toString("base64");
}
