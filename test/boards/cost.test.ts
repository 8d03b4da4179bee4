import { describe, expect, it } from "vitest";
import type { JobBoard } from "../../boards/board.js";
import { crowd, pickUp } from "../../scripts/bench/board/crowd.js";
import { percentile } from "../../scripts/bench/report.js";
import { openSteeredBoard, SteeredTime, tempFile } from "../contracts/sqlite.js";

const ROUNDS = 60;

/** A board where `waiting` jobs wait that this agent cannot run. */
async function crowded(waiting: number): Promise<JobBoard> {
  const board = await openSteeredBoard(new SteeredTime(), { path: tempFile() });
  await crowd(board, waiting);
  return board;
}

describe("the cost of finding a job", () => {
  it("is the same with 100 and with 20,000 jobs that this agent cannot run", async () => {
    const [few, many] = [await crowded(100), await crowded(20_000)];
    const fewMs: number[] = [];
    const manyMs: number[] = [];

    // In turns, so that what else the machine does falls on both.
    for (let round = 0; round < ROUNDS; round += 1) {
      fewMs.push(await pickUp(few, round));
      manyMs.push(await pickUp(many, round));
    }

    // Measured: 1.1 x at 100,000. A scan of the entries would be 100 x.
    expect(percentile(manyMs, 0.5)).toBeLessThan(3 * percentile(fewMs, 0.5));
  });
});
