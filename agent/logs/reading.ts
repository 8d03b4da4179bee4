import type { LogCursor, LogLine } from "../../common/log.js";
import type { LogStore, StoredChunk } from "../../persistence/persistence.js";
import { isBehind, START } from "./cursor.js";

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
  readonly token: number;
}

/** The lines of chunks that are behind a place. */
export function linesBehind(
  chunks: readonly StoredChunk[],
  cursor: LogCursor,
  atom?: string,
): readonly PlacedLine[] {
  return chunks
    .flatMap(placed)
    .filter((line) => isBehind(line, cursor) && (atom === undefined || line.atom === atom));
}

function placed({ seq, token, n, agent, lines }: StoredChunk): readonly PlacedLine[] {
  const before = n - lines.length;
  return lines.map((line, index) => ({ ...line, seq, token, agent, n: before + index + 1 }));
}

/**
 * The place behind which the wanted lines begin; looks back from the newest one if it has to. For
 * `since` to the very first one: what an ownership stored late is older than lines before it.
 */
export async function beginningOf(
  persistence: Reading,
  job: string,
  wish: LogWish,
): Promise<LogCursor> {
  const { atom, since = -Infinity, tail = Infinity, cursor } = wish;
  if (cursor !== undefined) return cursor;
  if (wish.since === undefined && wish.tail === undefined) return START;
  let count = 0;
  let beginning: LogCursor | undefined;
  let wanted = false;
  for await (const line of backwards(persistence, job)) {
    if (wanted) beginning = line;
    beginning ??= line;
    wanted = line.at >= since && (atom === undefined || line.atom === atom);
    if (wanted) count += 1;
    if (count > tail) return { seq: line.seq, n: line.n };
  }
  return beginning === undefined || wanted ? START : { seq: beginning.seq, n: beginning.n };
}

async function* backwards(persistence: Reading, job: string): AsyncGenerator<PlacedLine> {
  for (let before = Number.MAX_SAFE_INTEGER; ;) {
    const page = await persistence.logs(job, { before, limit: CHUNKS_PER_READ });
    for (const chunk of page?.chunks ?? []) {
      before = chunk.seq;
      yield* placed(chunk).toReversed();
    }
    if (page === undefined || page.chunks.length < CHUNKS_PER_READ) return;
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
