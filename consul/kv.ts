import type { Answer, ConsulClient, Request } from "./client.js";

/** A key as Consul keeps it. */
export interface Item {
  readonly key: string;
  readonly value: string;
  readonly flags: number;
  /** Id of the session that holds the key's lock; "" when none does. */
  readonly session: string;
  /** Place in history of the last change of value, flags or lock; 0 of a key that is not there. */
  readonly index: number;
  /** Place in history of its creation: another one when it was deleted and made again. */
  readonly created: number;
}

/** Consul's own form, with the value as the npm package leaves it. */
export interface RawItem {
  readonly Key: string;
  readonly Value?: string | null;
  readonly Flags?: number;
  readonly Session?: string;
  readonly ModifyIndex?: number;
  readonly CreateIndex?: number;
}

/** How to wait for a change: ask with the index of the last answer. */
export interface Blocking {
  readonly index?: number;
  /** Milliseconds after which Consul answers although nothing has changed. */
  readonly waitMs?: number;
}

export function itemOf(raw: RawItem, value = raw.Value ?? ""): Item {
  const { Key: key, Flags: flags = 0, Session: session = "" } = raw;
  const { ModifyIndex: index = 0, CreateIndex: created = 0 } = raw;
  return { key, value, flags, session, index, created };
}

/** One key; the body is undefined when it does not exist. */
export async function getKey(
  client: ConsulClient,
  key: string,
  request: Request & Blocking = {},
): Promise<Answer<Item>> {
  const answer = await client.ask<RawItem>(
    (api, common) => api.kv.get({ key, ...common, ...blocking(request) }),
    { ...request, expect: [404] },
  );
  const body = answer.status === 404 || !answer.body ? undefined : itemOf(answer.body);
  return { ...answer, body };
}

/** Every key below a prefix, with its value. */
export async function getTree(
  client: ConsulClient,
  prefix: string,
  request: Request = {},
): Promise<readonly Item[]> {
  const answer = await client.ask<readonly RawItem[]>(
    (api, common) => api.kv.get({ key: prefix, recurse: true, ...common }),
    { ...request, expect: [404] },
  );
  if (answer.status === 404) return [];
  return (answer.body ?? []).map((raw) => itemOf(raw));
}

export interface Listing {
  /** In order. */
  readonly names: readonly string[];
  /** Everything that happened below the prefix up to this place in history is in it. */
  readonly index: number;
}

/** Names below a prefix. */
export async function listKeys(
  client: ConsulClient,
  prefix: string,
  request: Request = {},
): Promise<Listing> {
  const { status, body, index } = await client.ask<readonly string[]>(
    (api, common) => api.kv.keys({ key: prefix, ...common }),
    { ...request, expect: [404] },
  );
  // A prefix without keys is a 404.
  return { names: status === 404 ? [] : (body ?? []), index };
}

/** The package's spelling of a blocking query. */
export function blocking({ index, waitMs }: Blocking): { index?: string; wait?: string } {
  return {
    ...(index === undefined ? {} : { index: String(index) }),
    ...(waitMs === undefined ? {} : { wait: `${Math.ceil(waitMs)}ms` }),
  };
}
