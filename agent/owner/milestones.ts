import type { EndState } from "../../common/job.js";
import type { JobRow } from "../../persistence/persistence.js";
import { isKept } from "../events/journal.js";
import type { ExecuteOptions } from "./options.js";
import type { JobOwnership } from "./ownership.js";

/* Where a job begins and ends on an agent: a line in its log, and counted; or told. */

type Noting = Pick<ExecuteOptions, "log" | "metrics" | "databaseNow">;

/** Before it goes on, which may be with a long wait. */
export function noteResumption(
  { id: job, needs: { flow } }: JobRow,
  { token, entries }: JobOwnership,
  { tell }: Pick<ExecuteOptions, "tell">,
): void {
  if (!entries.every(isKept)) tell({ type: "job.resumed", job, flow, token });
}

export function noteStart(row: JobRow, ownership: JobOwnership, options: Noting): void {
  const { token } = ownership;
  const { flow } = row.needs;
  options.log.info({ jobId: row.id, flow, token }, "job started");
  options.metrics.jobStarted(flow, isFirst(row, ownership) ? sinceDue(row, options) : undefined);
}

/** Whoever posted a retry wrote what it keeps under token 1, and was no owner (P-39). */
function isFirst({ token }: JobRow, { entries }: JobOwnership): boolean {
  if (token === 0) return true;
  return token === 1 && entries.length > 0 && entries.every(isKept);
}

export function noteEnd(row: JobRow, state: EndState, options: Noting): void {
  const { flow } = row.needs;
  options.log.info({ jobId: row.id, flow, state }, "job ended");
  options.metrics.jobEnded(flow, state, sinceDue(row, options));
}

/** Since it was posted, or since it was due, ms. */
function sinceDue({ postedAt, runAt = 0 }: JobRow, { databaseNow }: Noting): number {
  return databaseNow() - Math.max(postedAt, runAt);
}
