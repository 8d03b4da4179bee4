import { describe, expect, inject, it } from "vitest";
import { until } from "../../scripts/lab/until.js";
import { startBenchAgent } from "../../scripts/bench/board/agents.js";
import { posting, put } from "../contracts/board/subject.js";
import { closing } from "../contracts/sqlite.js";
import { testBoardOutage, testJobBoard } from "../contracts/board.js";
import {
  controlsOf,
  openBoardAt,
  openRedisPair,
  openRedisServer,
  ownPrefix,
  privateRedis,
  rawRedis,
} from "../contracts/redis.js";
import { testIdleLoss, testOutages } from "./outages.js";

describe("the Redis board (P-28)", () => testJobBoard(() => openRedisPair(inject("redisUrl"))));

describe("leases in Redis' own time (P-28)", () => {
  const LEASE_MS = 600;

  it("end by themselves, and their end wakes nobody too early", async () => {
    const prefix = ownPrefix();
    const [board, other] = [
      await openBoardAt(inject("redisUrl"), prefix, LEASE_MS),
      await openBoardAt(inject("redisUrl"), prefix, LEASE_MS),
    ];
    const id = await put(board);
    const claimedAt = performance.now();
    await board.claim(id, "a.1");

    const taken = async (): Promise<boolean> => (await other.claim(id, "b.1")) === "claimed";
    await until(taken, { withinMs: 10 * LEASE_MS, everyMs: 5, what: "the lease to end" });

    // Counted in whole milliseconds of another clock.
    expect(performance.now() - claimedAt).toBeGreaterThan(LEASE_MS - 5);
    expect(await board.renew(new Map([[id, "a.1"]]))).toEqual(new Map([[id, "taken"]]));
  });
});

describe("20 agents that compete", () => {
  it("lose few races for each job, and none of them two jobs", async () => {
    const [prefix, jobs] = [ownPrefix(), 300];
    const won: string[] = [];
    let asked = 0;
    for (let n = 0; n < 20; n += 1) {
      const board = await openBoardAt(inject("redisUrl"), prefix);
      const claim = board.claim.bind(board);
      board.claim = (id, claimId) => {
        asked += 1;
        return claim(id, claimId);
      };
      const claimed = (job: string): void => void won.push(job);
      closing(startBenchAgent({ name: `agent${n}`, board, flow: "hello", claimed }));
    }
    const poster = await openBoardAt(inject("redisUrl"), prefix);
    await poster.put(Array.from({ length: jobs }, () => posting()));

    await until(() => won.length >= jobs, { withinMs: 30_000, what: "all jobs to be claimed" });

    expect(new Set(won).size).toBe(jobs);
    expect(won).toHaveLength(jobs);
    // All in the same order: 3.0. Drawn from the first 64: 0.5.
    expect((asked - jobs) / jobs).toBeLessThan(1.5);
  });
});

describe("a Redis that dropped some of the board's keys", () => {
  it("gets jobs back that are in no index, and offers none that are gone", async () => {
    const prefix = ownPrefix();
    const board = await openBoardAt(inject("redisUrl"), prefix);
    const [kept, gone] = [await put(board), await put(board)];
    const raw = rawRedis(inject("redisUrl"));
    const { signatures } = await board.survey();

    await raw.del(`{${prefix}}:entry:${gone}`);
    expect((await board.candidates(signatures, 10)).map(({ id }) => id)).toEqual([kept]);
    await raw.del(`{${prefix}}:ready:${signatures[0] ?? ""}`, `{${prefix}}:offered`);
    expect(await board.survey()).toEqual({ signatures: [] });

    expect(await board.exists([kept, gone])).toEqual(new Set([kept]));
    expect(await board.survey()).toEqual({ signatures });
    expect(await board.claim(kept, "a.1")).toBe("claimed");
  });

  it("runs the scripts again after it has forgotten them", async () => {
    const board = await openBoardAt(inject("redisUrl"), ownPrefix());
    const id = await put(board);
    await rawRedis(inject("redisUrl")).script("FLUSH");

    expect(await board.claim(id, "a.1")).toBe("claimed");
  });
});

describe("all keys of a Redis board", () => {
  it("are under its prefix, in one slot of a cluster", async () => {
    const prefix = ownPrefix();
    const { url } = await privateRedis();
    const board = await openBoardAt(url, prefix);
    await board.identity();
    const [held] = [await put(board), await put(board), await put(board, { delayMs: 5_000 })];
    await board.claim(held, "a.1");

    const keys = await rawRedis(url).keys("*");

    expect(keys).toHaveLength(8);
    // What is between the first braces alone decides the slot.
    expect(keys.filter((key) => !key.startsWith(`{${prefix}}:`))).toEqual([]);
  });
});

describe("the Redis board and its server", () => testBoardOutage(openRedisServer));

testOutages(async () => {
  const redis = await privateRedis();
  return { url: `${redis.url}?prefix=${ownPrefix()}`, ...controlsOf(redis) };
});

testIdleLoss(
  "a Redis without an append-only file was started again",
  () => privateRedis({ args: ["--appendonly", "no"] }),
  async ({ server }) => {
    await server.kill();
    await server.start();
  },
);
testIdleLoss("FLUSHALL", privateRedis, ({ url }) => rawRedis(url).flushall().then());

it("a board works on a node of a Redis Cluster that has all slots", async () => {
  const { url } = await privateRedis({ args: ["--cluster-enabled", "yes"] });
  const raw = rawRedis(url);
  // One by one, as Redis before 7 takes them.
  await raw.cluster("ADDSLOTS", ...Array.from({ length: 16_384 }, (_, slot) => slot));
  const ready = async (): Promise<boolean> => String(await raw.cluster("INFO")).includes(":ok");
  await until(ready, { withinMs: 10_000, what: "the cluster to be whole" });
  const board = await openBoardAt(url, ownPrefix());
  const [first, second] = [await put(board), await put(board, { delayMs: 60_000 })];

  expect(await board.claim(first, "a.1")).toBe("claimed");
  expect(await board.exists([first, second])).toEqual(new Set([first, second]));
  await board.abandon(first, "a.1");
  expect((await board.survey()).signatures).toHaveLength(1);
});
