import type { Logger } from "pino";
import type { JobBoard } from "../boards/board.js";
import { hasCode } from "../common/error.js";
import type { Tell } from "./events/telling/told.js";

/** A board, and whether it answers: as its last call told. */
export interface WatchedBoard extends JobBoard {
  readonly answers: boolean;
}

export interface WatchOptions {
  readonly log: Logger;
  readonly tell: Tell;
  /** It answers again. */
  back(): void;
}

/**
 * The same board; every call to it tells whether it answers, so that an agent without any job
 * knows as well. One line in the log and one event at each change, none while it stays away.
 */
export function watchBoard(board: JobBoard, { log, tell, back }: WatchOptions): WatchedBoard {
  let answers = true;
  const down = (error: unknown): void => {
    if (!hasCode(error, "BOARD_DOWN")) return;
    if (!answers) return;
    answers = false;
    log.warn({ err: error }, "the board does not answer: nothing is claimed");
    tell({ type: "board.degraded", reason: error.message });
  };
  const up = (): void => {
    if (answers) return;
    answers = true;
    log.info("the board answers again");
    tell({ type: "board.recovered" });
    back();
  };
  const told = async <T>(call: Promise<T>): Promise<T> => {
    try {
      const answer = await call;
      up();
      return answer;
    } catch (error) {
      down(error);
      throw error;
    }
  };
  return {
    get answers() {
      return answers;
    },
    traits: board.traits,
    identity: () => told(board.identity()),
    put: (postings) => told(board.put(postings)),
    reprioritise: (id, priority) => told(board.reprioritise(id, priority)),
    survey: () => told(board.survey()),
    candidates: (signatures, limit) => told(board.candidates(signatures, limit)),
    claim: (id, claimId) => told(board.claim(id, claimId)),
    renew: (claims) => told(board.renew(claims)),
    reclaim: (posting, claimId) => told(board.reclaim(posting, claimId)),
    abandon: (id, claimId, delayMs) => told(board.abandon(id, claimId, delayMs)),
    consume: (id, claimId) => told(board.consume(id, claimId)),
    remove: (ids) => told(board.remove(ids)),
    exists: (ids) => told(board.exists(ids)),
    inventory: async () => {
      const inventory = await told(board.inventory());
      return { exists: (ids) => told(inventory.exists(ids)) };
    },
    held: (incarnation) => told(board.held(incarnation)),
    // It ends by its signal too: only its failure tells something.
    changed: async (signal) => {
      await board.changed(signal).catch((error: unknown) => {
        down(error);
        throw error;
      });
    },
    [Symbol.asyncDispose]: () => board[Symbol.asyncDispose](),
  };
}
