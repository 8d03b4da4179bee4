import { describe, expect, it } from "vitest";
import type { JobBoard } from "../../boards/board.js";
import { openSteeredBoard, SteeredTime, tempFile } from "../contracts/sqlite.js";

const MINE = '[1,"mine",1]';
const ROUNDS = 60;

/** A board where `waiting` jobs wait that this agent cannot run, under 20 signatures. */
async function crowded(waiting: number): Promise<JobBoard> {
  const board = await openSteeredBoard(new SteeredTime(), { path: tempFile() });
  const postings = Array.from({ length: waiting }, (_, index) => ({
    id: `other-${String(index).padStart(8, "0")}`,
    signature: `[1,"other",1,["port_is_free",${8_000 + (index % 20)}]]`,
    priority: index % 7,
    delayMs: index % 10 === 0 ? 3_600_000 : 0,
  }));
  for (let from = 0; from < waiting; from += 2_000) {
    await board.put(postings.slice(from, from + 2_000));
  }
  return board;
}

/** What an agent does to get a job, from looking to the claim, ms. */
async function pickUp(board: JobBoard, id: string): Promise<number> {
  await board.put([{ id, signature: MINE, priority: 0, delayMs: 0 }]);
  const start = performance.now();
  const { signatures } = await board.survey();
  const [candidate] = await board.candidates(
    signatures.filter((each) => each === MINE),
    64,
  );
  const claimed = await board.claim(candidate?.id ?? "", "a.1");
  const tookMs = performance.now() - start;
  if (claimed !== "claimed") throw new Error(`${id} was ${claimed}`);
  await board.consume(id, "a.1");
  return tookMs;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

describe("the cost of finding a job", () => {
  it("is the same with 100 and with 20,000 jobs that this agent cannot run", async () => {
    const [few, many] = [await crowded(100), await crowded(20_000)];
    const fewMs: number[] = [];
    const manyMs: number[] = [];

    // In turns, so that what else the machine does falls on both.
    for (let round = 0; round < ROUNDS; round += 1) {
      fewMs.push(await pickUp(few, `mine-${round}`));
      manyMs.push(await pickUp(many, `mine-${round}`));
    }

    // Measured: 1.1 x at 100,000. A scan of the entries would be 100 x.
    expect(median(manyMs)).toBeLessThan(3 * median(fewMs));
  });
});
