import { claimIdOf, type JobBoard } from "../../../boards/board.js";

/** What the agent is able to run. */
const MINE = '[1,"mine",1]';
/** Signatures of the crowd. */
export const KINDS = 20;

/** Puts jobs on the board that the agent cannot run, a tenth of them delayed. */
export async function crowd(board: JobBoard, waiting: number, atOnce = 2_000): Promise<void> {
  const postings = Array.from({ length: waiting }, (_, index) => ({
    id: `other-${String(index).padStart(8, "0")}`,
    signature: `[1,"other",1,["port_is_free",${String(8_000 + (index % KINDS))}]]`,
    priority: index % 7,
    delayMs: index % 10 === 0 ? 3_600_000 : 0,
  }));
  for (let from = 0; from < waiting; from += atOnce) {
    await board.put(postings.slice(from, from + atOnce));
  }
}

/** What an agent does to get a job that was put a moment ago, from looking to the claim, ms. */
export async function pickUp(board: JobBoard, n: number): Promise<number> {
  const [id, claimId] = [`mine-${String(n)}`, claimIdOf("bench", n)];
  await board.put([{ id, signature: MINE, priority: 0, delayMs: 0 }]);
  const start = performance.now();
  const { signatures } = await board.survey();
  const able = signatures.filter((each) => each === MINE);
  const [candidate] = await board.candidates(able, 64);
  const claimed = await board.claim(candidate?.id ?? "", claimId);
  const tookMs = performance.now() - start;
  if (claimed !== "claimed") throw new Error(`${id} was ${claimed}`);
  await board.consume(id, claimId);
  return tookMs;
}
