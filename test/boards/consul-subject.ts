import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import type { JobBoard } from "../../boards/board.js";
import { type ConsulBoardOptions, openConsulBoard } from "../../boards/consul/board.js";
import { ConsulClient } from "../../consul/client.js";
import { type Item, getKey, getTree } from "../../consul/kv.js";
import { destroySession, listSessions } from "../../consul/session.js";
import type { ConsulServer } from "../../scripts/lab/servers/consul.js";
import { until } from "../../scripts/lab/until.js";
import type { BoardUnderTest } from "../contracts/board/subject.js";
import { startConsul } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";

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

const LEASE_MS = 10_000;

/** Two agents with a Consul agent on their machine, whose clocks the test moves. */
export async function openConsulPair(consul: string, prefix: string): Promise<BoardUnderTest> {
  const client = clientOf(consul);
  let now = 1_700_000_000_000;
  const open = (): Promise<JobBoard> =>
    openBoardAt(boardUrl(consul, prefix), { leaseMs: LEASE_MS, now: () => now });
  const [board, other] = [await open(), await open()];
  const advance = async (ms: number): Promise<void> => {
    now += ms;
    if (ms < LEASE_MS) return;
    await endSessions(client, prefix);
    await until(() => allReopened(client, prefix), { withinMs: 15_000, what: "claims to be free" });
  };
  return { board, other, advance, slackMs: 2_000 };
}

async function allReopened(client: ConsulClient, prefix: string): Promise<boolean> {
  const claims = await getTree(client, `${prefix}/claims/`);
  return claims.every(({ session, flags }) => session !== "" || flags !== 0);
}

/** What a test may do to a Consul of its own. */
export function controlsOf({ url, server }: ConsulServer, prefix: string) {
  return {
    kill: () => server.kill(),
    start: () => server.start(),
    freeze: () => server.pause(),
    thaw: () => server.resume(),
    wipe: () => deleteTree(url, prefix),
    missesMessages: false,
  };
}

/** A Consul that is killed when the test is over. */
export async function privateConsul(): Promise<ConsulServer> {
  const consul = await startConsul(tempDir());
  onTestFinished(() => consul.server.kill());
  return consul;
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
