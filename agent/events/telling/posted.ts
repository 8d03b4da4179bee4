import type { JobRow, Persistence } from "../../../persistence/persistence.js";
import { isKept, postedEvent } from "../journal.js";
import { Narrator } from "./narrator.js";
import type { Tell } from "./told.js";

interface Telling {
  readonly persistence: Pick<Persistence, "load">;
  readonly tell: Tell;
}

/** Tells of a job that was posted here, and of what it keeps of the one that it retries (P-39). */
export async function tellPosted({ persistence, tell }: Telling, row: JobRow): Promise<void> {
  tell(postedEvent(row).event);
  if (row.token === 0) return;
  const [first] = await persistence.load(row.id);
  if (first !== undefined && isKept(first)) new Narrator(row, tell).written(first);
}
