import { describe, expect, inject, it } from "vitest";
import type { JobBoard } from "../../boards/board.js";
import { crowd } from "../../scripts/bench/board/crowd.js";
import { openBoardAt as openRedisAt, ownPrefix } from "../contracts/redis.js";
import { boardUrl, freshPrefix, openBoardAt as openConsulAt } from "./consul-subject.js";
import { pickUpRatio } from "./cost.js";

const BOARDS: readonly (readonly [string, () => Promise<JobBoard>])[] = [
  ["Redis", () => openRedisAt(inject("redisUrl"), ownPrefix())],
  ["Consul", () => openConsulAt(boardUrl(inject("consulUrl"), freshPrefix()))],
];

describe("the cost of finding a job", () => {
  it.each(BOARDS)(
    "in %s is the same with 100 and 5,000 that this agent cannot run",
    async (_, open) => {
      const [few, many] = [await open(), await open()];
      await crowd(few, 100);
      await crowd(many, 5_000);

      // Measured: 1.0 to 1.3 x. A scan of the entries would be 50 x.
      expect(await pickUpRatio(few, many, 30)).toBeLessThan(3);
    },
  );
});
