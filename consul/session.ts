import { JobrunnerError } from "../common/error.js";
import type { Answer, ConsulClient, Request } from "./client.js";
import { refusedBy } from "./failure.js";
import { blocking, type Blocking } from "./kv.js";

export interface SessionPlan {
  /** Shown to people beside the keys it locks. */
  readonly name: string;
  /** Ends with the first of these that is critical; checks of the Consul agent asked. */
  readonly nodeChecks: readonly string[];
  readonly serviceChecks: readonly string[];
  /** Ends when it is not renewed: after this at the earliest, after twice this in practice. */
  readonly ttlMs?: number;
}

export interface Session {
  readonly id: string;
  readonly name: string;
}

interface RawSession {
  readonly ID: string;
  readonly Name: string;
}

/**
 * Makes a session without lock-delay, whose locks are released when it ends. Resolves to undefined
 * while one of its checks is not in the catalog or not passing yet: it gets there a moment after
 * it was registered. Rejects with USAGE when the server does not allow so short a time.
 */
export async function createSession(
  client: ConsulClient,
  { name, nodeChecks, serviceChecks, ttlMs }: SessionPlan,
): Promise<string | undefined> {
  // By hand: the package's method drops NodeChecks and ServiceChecks without a word.
  const answer = await client.put<{ readonly ID: string }>(
    {
      path: "/session/create",
      body: {
        Name: name,
        LockDelay: "0s",
        Behavior: "release",
        NodeChecks: nodeChecks,
        ServiceChecks: serviceChecks.map((id) => ({ ID: id })),
        ...(ttlMs === undefined ? {} : { TTL: `${ttlMs}ms` }),
      },
    },
    { expect: [500] },
  );
  if (answer.refusal === undefined) return answer.body?.ID;
  const { text } = answer.refusal;
  if (/Missing check|critical state/i.test(text)) return undefined;
  if (text.includes("Invalid Session TTL")) {
    throw new JobrunnerError("USAGE", `Consul allows no session of ${ttlMs} ms: ${text}`, {
      hint: "Make the lease at least 10 s, or lower session_ttl_min on Consul's servers.",
    });
  }
  throw refusedBy(client.where, answer.refusal);
}

/** False when there is no such session any more: everything it held is lost. */
export async function renewSession(
  client: ConsulClient,
  id: string,
  request: Request = {},
): Promise<boolean> {
  const { status } = await client.ask((api, common) => api.session.renew({ id, ...common }), {
    ...request,
    expect: [404],
  });
  return status !== 404;
}

/** Whether the servers still know it. */
export async function sessionLives(client: ConsulClient, id: string): Promise<boolean> {
  const { body } = await client.ask<RawSession>((api, common) =>
    api.session.info({ id, ...common }),
  );
  return body !== undefined;
}

/** Ends it and releases its locks; succeeds also when it has ended before. */
export async function destroySession(client: ConsulClient, id: string): Promise<void> {
  await client.ask((api, common) => api.session.destroy({ id, ...common }));
}

/** All sessions of the datacenter, whoever made them. */
export async function listSessions(
  client: ConsulClient,
  request: Request & Blocking = {},
): Promise<Answer<readonly Session[]>> {
  const answer = await client.ask<readonly RawSession[]>(
    (api, common) => api.session.list({ ...common, ...blocking(request) }),
    request,
  );
  return { ...answer, body: (answer.body ?? []).map(({ ID, Name }) => ({ id: ID, name: Name })) };
}
