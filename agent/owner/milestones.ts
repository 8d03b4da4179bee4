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

export function noteStart(row: JobRow, { token }: JobOwnership, options: Noting): void {
  const { flow } = row.needs;
  options.log.info({ jobId: row.id, flow, token }, "job started");
  options.metrics.jobStarted(flow, row.token === 0 ? sinceDue(row, options) : undefined);
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
