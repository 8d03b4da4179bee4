import { incarnationOf, type JobBoard } from "../../boards/board.js";
import { hasCode } from "../../common/error.js";
import { isStartable } from "../../common/job.js";
import type { JobRow, Ownership } from "../../persistence/persistence.js";

/** Whether the last owner is gone without a word; unknown, hence false, while the board is away. */
export async function isSilent(
  { board }: { readonly board: Pick<JobBoard, "held"> },
  { id, state }: JobRow,
  last: Ownership | undefined,
): Promise<boolean> {
  if (last === undefined || last.ended !== undefined || !isStartable(state)) return false;
  try {
    return !(await board.held(incarnationOf(last.owner))).has(id);
  } catch (error) {
    if (hasCode(error, "BOARD_DOWN")) return false;
    throw error;
  }
}
