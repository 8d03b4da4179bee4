import type { LogCursor, LogLine } from "../../common/log.js";
import type { LogChunk, LogStore } from "../../persistence/persistence.js";
import { END, isBehind, START } from "./cursor.js";

/** Chunks of one read: most have few lines. */
export const CHUNKS_PER_READ = 100;

export type Reading = Pick<LogStore, "logs">;

/** Which lines of a job's log are wanted. */
export interface LogWish {
  readonly atom?: string;
  /** Database time, ms since 1970. */
  readonly since?: number;
  /** The last so many. */
  readonly tail?: number;
  /** Those behind this place; goes before `since` and `tail`. */
  readonly cursor?: LogCursor;
}

/** A line with its place, and who wrote it. */
export interface PlacedLine extends LogLine, LogCursor {
  readonly agent: string;
}

/** The lines of chunks that are behind a place. */
export function linesBehind(
  chunks: readonly LogChunk[],
  cursor: LogCursor,
  atom?: string,
): readonly PlacedLine[] {
  return chunks
    .flatMap(placed)
    .filter((line) => isBehind(line, cursor) && (atom === undefined || line.atom === atom));
}

function placed({ token, n, agent, lines }: LogChunk): readonly PlacedLine[] {
  const before = n - lines.length;
  return lines.map((line, index) => ({ ...line, token, agent, n: before + index + 1 }));
}

/** The place behind which the wanted lines begin; looks back from the newest one if it has to. */
export async function beginningOf(
  persistence: Reading,
  job: string,
  wish: LogWish,
): Promise<LogCursor> {
  const { atom, since = -Infinity, tail = Infinity, cursor } = wish;
  if (cursor !== undefined) return cursor;
  if (wish.since === undefined && wish.tail === undefined) return START;
  let count = 0;
  for (let before = END; ;) {
    const page = await persistence.logs(job, { before, limit: CHUNKS_PER_READ });
    for (const chunk of page?.chunks ?? []) {
      before = chunk;
      for (const line of linesBehind([chunk], START).toReversed()) {
        if (atom === undefined || line.atom === atom) count += 1;
        if (line.at < since || count > tail) return { token: line.token, n: line.n };
      }
    }
    if (page === undefined || page.chunks.length < CHUNKS_PER_READ) return START;
  }
}

/** Up to `limit` lines behind a place, and whether there are more. */
export async function readLines(
  persistence: Reading,
  job: string,
  from: { readonly cursor: LogCursor; readonly atom?: string; readonly limit: number },
): Promise<{ readonly lines: readonly PlacedLine[]; readonly more: boolean }> {
  const lines: PlacedLine[] = [];
  for (let after = from.cursor; ;) {
    const page = await persistence.logs(job, { after, limit: CHUNKS_PER_READ });
    const { chunks = [] } = page ?? {};
    lines.push(...linesBehind(chunks, after, from.atom));
    if (lines.length > from.limit) return { lines: lines.slice(0, from.limit), more: true };
    const last = chunks.at(-1);
    if (last === undefined || chunks.length < CHUNKS_PER_READ) return { lines, more: false };
    after = last;
  }
}
