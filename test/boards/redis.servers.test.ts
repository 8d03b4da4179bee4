import { describe, inject } from "vitest";
import { testJobBoard } from "../contracts/board.js";
import { openRedisPair } from "../contracts/redis.js";

describe("the Redis board (P-28)", () => testJobBoard(() => openRedisPair(inject("redisUrl"))));
