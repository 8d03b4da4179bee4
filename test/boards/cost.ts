import type { JobBoard } from "../../boards/board.js";
import { pickUp } from "../../scripts/bench/board/crowd.js";
import { percentile } from "../../scripts/bench/report.js";

/** Median time from a look to the claim on the second board, in those of the first. */
export async function pickUpRatio(few: JobBoard, many: JobBoard, rounds: number): Promise<number> {
  const [fewMs, manyMs]: [number[], number[]] = [[], []];
  // In turns, so that what else the machine does falls on both.
  for (let round = 0; round < rounds; round += 1) {
    fewMs.push(await pickUp(few, round));
    manyMs.push(await pickUp(many, round));
  }
  return percentile(manyMs, 0.5) / percentile(fewMs, 0.5);
}
