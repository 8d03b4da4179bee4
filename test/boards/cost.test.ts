import { describe, expect, it } from "vitest";
import type { JobBoard } from "../../boards/board.js";
import { crowd } from "../../scripts/bench/board/crowd.js";
import { openSteeredBoard, SteeredTime, tempFile } from "../contracts/sqlite.js";
import { pickUpRatio } from "./cost.js";

/** A board where `waiting` jobs wait that this agent cannot run. */
async function crowded(waiting: number): Promise<JobBoard> {
  const board = await openSteeredBoard(new SteeredTime(), { path: tempFile() });
  await crowd(board, waiting);
  return board;
}

describe("the cost of finding a job", () => {
  it("is the same with 100 and with 20,000 jobs that this agent cannot run", async () => {
    const ratio = await pickUpRatio(await crowded(100), await crowded(20_000), 60);

    // Measured: 1.1 x at 100,000. A scan of the entries would be 100 x.
    expect(ratio).toBeLessThan(3);
  });
});
