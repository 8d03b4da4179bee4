import type { Logger } from "pino";
import type { Inventory, JobBoard } from "../../boards/board.js";
import { toSignature } from "../../common/job.js";
import type { OpenJob, Persistence } from "../../persistence/persistence.js";
import type { Tell } from "../events/telling/told.js";
import type { HookBook } from "../hooks/book.js";
import { expireJob } from "../jobs/controls/expiring.js";
import { offerSlots, SWEEPING } from "../jobs/controls/slots.js";
import type { OwnerIdentity } from "../owner/ownership.js";

/** Open jobs looked at per read. */
const PAGE = 500;

export interface PuttingBack {
  readonly board: JobBoard;
  readonly persistence: Persistence;
  readonly identity: OwnerIdentity;
  readonly log: Logger;
  readonly tell: Tell;
  /** What is to hear of jobs that nobody started in time. */
  readonly hooks?: HookBook;
}

/** P-31: puts open jobs that are missing on the board back on it; false when told to stop. */
export async function putBack(parts: PuttingBack, signal: AbortSignal): Promise<boolean> {
  const { board, persistence } = parts;
  const inventory = await board.inventory();
  const keys = new Set<string>();
  let cursor: string | undefined;
  do {
    if (signal.aborted) return false;
    const page = await persistence.open(PAGE, cursor);
    await expireLate(parts, page);
    await putMissing(parts, inventory, page);
    for (const { slotKey } of page) if (slotKey !== undefined) keys.add(slotKey);
    cursor = page.length < PAGE ? undefined : page.at(-1)?.id;
  } while (cursor !== undefined);
  // P-45: an owner died before it did.
  for (const key of keys) await offerSlots(parts, key, SWEEPING);
  return true;
}

/** P-44: jobs whose time to be started is over, also those that no agent is able to run. */
async function expireLate(parts: PuttingBack, page: readonly OpenJob[]): Promise<void> {
  const late = page.filter(({ expired }) => expired).map(({ id }) => id);
  for (const id of late) await expireJob(parts, id);
  if (late.length > 0) await parts.board.remove(late);
}

/** The second look keeps jobs that end meanwhile off the board. */
async function putMissing(
  { board, persistence, log }: PuttingBack,
  inventory: Inventory,
  page: readonly OpenJob[],
): Promise<void> {
  if (page.length === 0) return;
  const there = await inventory.exists(page.map((job) => job.id));
  const missing = page.filter((job) => !there.has(job.id));
  if (missing.length === 0) return;
  const open = await persistence.startable(missing.map((job) => job.id));
  const put = missing.filter((job) => open.has(job.id));
  // An owner that lives takes its claim again before anybody else may (P-23).
  const leaseMs = board.traits.leaseMs;
  await board.put(
    put.map((job) => ({
      id: job.id,
      signature: toSignature(job.needs),
      priority: job.priority,
      delayMs: Math.max(job.dueInMs, job.owned ? leaseMs : 0),
    })),
  );
  if (put.length > 0) log.info({ jobs: put.length }, "open jobs put back on the board");
}
