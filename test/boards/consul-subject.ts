import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import type { JobBoard } from "../../boards/board.js";
import { type ConsulBoardOptions, openConsulBoard } from "../../boards/consul/board.js";
import { ConsulClient } from "../../consul/client.js";
import { type Item, getKey } from "../../consul/kv.js";
import { destroySession, listSessions } from "../../consul/session.js";

/** A prefix that nobody else uses. */
export function freshPrefix(): string {
  return `test/${randomUUID()}`;
}

/** `http://host:port` as the URL of a board. */
export function boardUrl(consul: string, prefix: string, query = ""): string {
  return `consul://${new URL(consul).host}/${prefix}${query}`;
}

/** Opens a board that is closed with the test; the lease is 10 s unless the test says otherwise. */
export async function openBoardAt(
  url: string,
  options: Partial<ConsulBoardOptions> = {},
): Promise<JobBoard> {
  const board = await openConsulBoard(url, { leaseMs: 10_000, env: {}, ...options });
  onTestFinished(() => board[Symbol.asyncDispose]());
  return board;
}

/** What the test itself sees of Consul. */
export function clientOf(consul: string, token?: string): ConsulClient {
  const { hostname, port } = new URL(consul);
  const address = { host: hostname, port: Number(port), secure: false };
  const client = new ConsulClient({ ...address, ...(token === undefined ? {} : { token }) });
  onTestFinished(() => client[Symbol.dispose]());
  return client;
}

/** Ends the sessions of a board's agents whose name fits, as the passing of a lease would. */
export async function endSessions(
  client: ConsulClient,
  prefix: string,
  holder = "",
): Promise<void> {
  const { body = [] } = await listSessions(client);
  const mine = body.filter(({ name }) => name.startsWith(`jobrunner ${prefix} ${holder}`));
  await Promise.all(mine.map(({ id }) => destroySession(client, id)));
}

export async function claimOf(
  client: ConsulClient,
  prefix: string,
  id: string,
): Promise<Item | undefined> {
  return (await getKey(client, `${prefix}/claims/${id}`)).body;
}

/** As an operator who deletes a board. */
export async function deleteTree(consul: string, prefix: string): Promise<void> {
  const answer = await fetch(`${consul}/v1/kv/${prefix}/?recurse`, { method: "DELETE" });
  if (!answer.ok) throw new Error(`Consul said ${answer.status}`);
}
