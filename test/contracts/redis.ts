import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { onTestFinished } from "vitest";
import type { JobBoard } from "../../boards/board.js";
import { openRedisBoard } from "../../boards/redis/board.js";
import type { RedisOptions, RedisServer } from "../../scripts/lab/servers/redis.js";
import { startRedis } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";
import type { BoardOnServer } from "./board/outage.js";
import type { BoardUnderTest } from "./board/subject.js";
import { closing } from "./sqlite.js";

export const LEASE_MS = 10_000;

/** A prefix that no other test has. */
export function ownPrefix(): string {
  return `test-${randomUUID()}`;
}

export function openBoardAt(url: string, prefix: string, leaseMs = LEASE_MS): Promise<JobBoard> {
  return openRedisBoard(`${url}?prefix=${prefix}`, { leaseMs }).then(closing);
}

/** Two agents of an empty board in this Redis. */
export async function openRedisPair(url: string): Promise<BoardUnderTest> {
  const prefix = ownPrefix();
  const board = await openBoardAt(url, prefix);
  const other = await openBoardAt(url, prefix);
  return { board, other, advance: (ms) => shiftLater(url, prefix, ms), slackMs: 2_000 };
}

/** The same on a Redis of this test's own. */
export async function openRedisServer(): Promise<BoardOnServer> {
  const redis = await privateRedis();
  return { ...(await openRedisPair(redis.url)), ...controlsOf(redis) };
}

/** What a test may do to a server of its own. */
export function controlsOf({
  url,
  server,
}: RedisServer): Omit<BoardOnServer, keyof BoardUnderTest> {
  return {
    kill: () => server.kill(),
    start: () => server.start(),
    freeze: () => server.pause(),
    thaw: () => server.resume(),
    wipe: async () => void (await rawRedis(url).flushall()),
    missesMessages: true,
  };
}

/** A Redis that is killed when the test is over. */
export async function privateRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const redis = await startRedis(tempDir(), options);
  closing(redis.server);
  return redis;
}

/**
 * Redis' clock cannot be steered, so the moments that the board waits for come nearer instead: all
 * that counts is the time between now and them.
 */
export async function shiftLater(url: string, prefix: string, ms: number): Promise<void> {
  const redis = rawRedis(url);
  await redis.eval(
    `for _, job in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
       redis.call('ZINCRBY', KEYS[1], -ARGV[1], job)
     end`,
    ...[1, `{${prefix}}:later`, ms],
  );
  redis.disconnect();
}

/** A plain client, for looking behind the board's back; gone when the test is over. */
export function rawRedis(url: string): Redis {
  const redis = new Redis(url, { disableClientInfo: true });
  onTestFinished(() => redis.disconnect());
  return redis;
}
