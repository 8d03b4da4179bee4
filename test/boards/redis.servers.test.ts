import { describe, inject } from "vitest";
import { testBoardOutage, testJobBoard } from "../contracts/board.js";
import {
  controlsOf,
  openRedisPair,
  openRedisServer,
  ownPrefix,
  privateRedis,
} from "../contracts/redis.js";
import { testOutages } from "./outages.js";

describe("the Redis board (P-28)", () => testJobBoard(() => openRedisPair(inject("redisUrl"))));

describe("the Redis board and its server", () => testBoardOutage(openRedisServer));

testOutages(async () => {
  const redis = await privateRedis();
  return { url: `${redis.url}?prefix=${ownPrefix()}`, ...controlsOf(redis) };
});
