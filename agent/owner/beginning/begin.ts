import { toSignature } from "../../../common/job.js";
import type { JobRow } from "../../../persistence/persistence.js";
import { Narrator } from "../../events/telling/narrator.js";
import { expireJob } from "../../jobs/controls/expiring.js";
import { waitMs } from "../../jobs/controls/slots.js";
import type { ExecuteOptions, Next, Try } from "../options.js";
import { beginOwnership, type JobOwnership, type Unraised } from "../ownership.js";

/** An ownership whose claim is kept for it; or what comes instead, as there is none. */
export async function begin(
  attempted: Try,
  row: JobRow,
  lazy: boolean,
  options: ExecuteOptions,
): Promise<JobOwnership | Next> {
  const { claim, control } = attempted;
  const { tell, databaseNow } = options;
  const narrator = new Narrator(row, tell);
  const ownership = await beginOwnership({
    ...options,
    boardId: options.boardId(),
    row,
    lazy,
    signal: claim.lost,
    requested: (request) => control.request(request),
    written: (entry) => narrator.written({ ...entry, at: databaseNow() }),
  });
  if ("raised" in ownership) return instead(row, ownership, options);
  narrator.goOnAfter(ownership.entries);
  const { id, priority } = row;
  options.claims.own(claim, {
    posting: { id, signature: toSignature(row.needs), priority, delayMs: 0 },
    stillMine: async () => {
      const current = await options.persistence.job(id);
      // A first raise that still waits for its append is not in the row yet.
      return current?.owner === ownership.owner || (lazy && current?.token === 0);
    },
  });
  return ownership;
}

async function instead(row: JobRow, { raised }: Unraised, options: ExecuteOptions): Promise<Next> {
  if (raised === "full" && row.concurrency !== undefined) {
    const delayMs = waitMs(row, options.databaseNow());
    return { next: "abandon", delayMs, full: row.concurrency };
  }
  // The row, which is read again, says so.
  if (raised === "expired") await expireJob(options, row.id);
  return { next: "again", alone: false };
}
