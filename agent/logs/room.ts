import type { LogSize, LogStore } from "../../persistence/persistence.js";

/** A log that grew beyond its limit is shortened to this share, so that it is seldom done. */
const SHORTENED = 0.75;

export interface Room {
  readonly job: string;
  /** What the job's log takes, bytes; undefined when nobody has asked yet. */
  readonly kept: number | undefined;
  readonly bytesMax: number;
}

/** Removes the oldest lines of a log that has become too large; what it takes then, bytes. */
export async function makeRoom(
  persistence: Pick<LogStore, "logSizes" | "removeLogs">,
  { job, kept, bytesMax }: Room,
): Promise<number> {
  if (kept !== undefined && kept <= bytesMax) return kept;
  const sizes = await persistence.logSizes(job);
  const bytes = sizes.reduce((sum, size) => sum + size.bytes, 0);
  if (bytes <= bytesMax) return bytes;
  const { upTo, left } = shorten(sizes, bytes, bytesMax * SHORTENED);
  if (upTo !== undefined) await persistence.removeLogs(job, upTo);
  return left;
}

/** Up to where to remove: the newest chunk stays, whatever it takes. */
function shorten(
  sizes: readonly LogSize[],
  bytes: number,
  bytesMax: number,
): { readonly upTo: number | undefined; readonly left: number } {
  let left = bytes;
  let upTo: number | undefined;
  for (const { seq, bytes: taken } of sizes.slice(0, -1)) {
    if (left <= bytesMax) break;
    left -= taken;
    upTo = seq;
  }
  return { upTo, left };
}
