import type { JobBoard, Posting } from "../../../boards/board.js";

export interface BoardUnderTest {
  readonly board: JobBoard;
  /** The same board as another agent has it open. */
  readonly other: JobBoard;
  /** Moves lease time by at least so much. */
  readonly advance: (ms: number) => Promise<void>;
  /**
   * How much lease time may pass by itself in the middle of a test, milliseconds: 0 where it stands
   * still until it is told. Below 3 s and below half a lease.
   */
  readonly slackMs: number;
}

/** Makes an empty board that is closed when the test is over. */
export type OpenBoard = () => Promise<BoardUnderTest>;

let postings = 0;

/** A posting with an id that is later than those of all postings made before. */
export function posting(parts: Partial<Posting> = {}): Posting {
  postings += 1;
  const id = `0190-${String(postings).padStart(8, "0")}`;
  return { id, signature: '[1,"hello",1]', priority: 0, delayMs: 0, ...parts };
}

/** Puts a posting on the board and returns its id. */
export async function put(board: JobBoard, parts: Partial<Posting> = {}): Promise<string> {
  const made = posting(parts);
  await board.put([made]);
  return made.id;
}

/** Ids of the jobs that an agent would find which is able to run all. */
export async function offered(board: JobBoard): Promise<readonly string[]> {
  const { signatures } = await board.survey();
  return (await board.candidates(signatures, 1_000)).map(({ id }) => id);
}
