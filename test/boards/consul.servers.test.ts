import { randomUUID } from "node:crypto";
import { describe, inject, onTestFinished } from "vitest";
import type { JobBoard } from "../../boards/board.js";
import { openConsulBoard } from "../../boards/consul/board.js";
import { ConsulClient } from "../../consul/client.js";
import { getTree } from "../../consul/kv.js";
import { destroySession, listSessions } from "../../consul/session.js";
import { until } from "../../scripts/lab/until.js";
import { testJobBoard } from "../contracts/board.js";
import type { BoardUnderTest } from "../contracts/board/subject.js";

const LEASE_MS = 10_000;

/** Two agents with a Consul agent on their machine, whose clocks the test moves. */
async function openTwo(): Promise<BoardUnderTest> {
  const prefix = `test/${randomUUID()}`;
  const { host } = new URL(inject("consulUrl"));
  const client = clientOf(inject("consulUrl"));
  let now = 1_700_000_000_000;
  const open = async (): Promise<JobBoard> => {
    const options = { leaseMs: LEASE_MS, now: () => now };
    const board = await openConsulBoard(`consul://${host}/${prefix}`, options);
    onTestFinished(() => board[Symbol.asyncDispose]());
    return board;
  };
  const [board, other] = [await open(), await open()];
  const advance = async (ms: number): Promise<void> => {
    now += ms;
    if (ms >= LEASE_MS) await endLeases(client, prefix);
  };
  return { board, other, advance };
}

/** What the passing of a lease does to agents that do not renew: their sessions end. */
async function endLeases(client: ConsulClient, prefix: string): Promise<void> {
  const { body = [] } = await listSessions(client);
  const mine = body.filter(({ name }) => name.includes(prefix));
  await Promise.all(mine.map(({ id }) => destroySession(client, id)));
  const seen = async (): Promise<boolean> => {
    const claims = await getTree(client, `${prefix}/claims/`);
    return claims.every(({ session, flags }) => session !== "" || flags !== 0);
  };
  await until(seen, { withinMs: 5_000, what: "the jobs of ended sessions to wait again" });
}

function clientOf(url: string): ConsulClient {
  const { hostname, port } = new URL(url);
  const client = new ConsulClient({ host: hostname, port: Number(port), secure: false });
  onTestFinished(() => client[Symbol.dispose]());
  return client;
}

describe("the board in Consul (P-29)", () => testJobBoard(openTwo));
