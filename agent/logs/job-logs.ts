import type { LogCursor } from "../../common/log.js";
import type { LogLineView, LogsView } from "../../common/wire/logs.js";
import type { Persistence } from "../../persistence/persistence.js";
import { noSuchJob, resolveId } from "../jobs/resolve.js";
import { formatCursor, START } from "./cursor.js";
import type { FeedEnd } from "./feed.js";
import type { Feeds } from "./feeds.js";
import { beginningOf, linesBehind, type LogWish, type PlacedLine, readLines } from "./reading.js";

/** The lines as they come; returns how the job ended, undefined when the signal aborted. */
export type FollowedLines = AsyncGenerator<readonly LogLineView[], FeedEnd | undefined, undefined>;

export interface Following {
  /** The place behind which it begins. */
  readonly from: string;
  lines(signal: AbortSignal): FollowedLines;
}

/** What every agent tells of the log of any job, for the HTTP API. */
export interface JobLogs {
  /** `part`: the id, or at least four characters of its beginning or end. */
  page(part: string, wish: LogWish, limit: number): Promise<LogsView>;
  follow(part: string, wish: LogWish): Promise<Following>;
}

export function createJobLogs(persistence: Persistence, feeds: Feeds): JobLogs {
  const begin = async (part: string, wish: LogWish): Promise<readonly [string, LogCursor]> => {
    const id = await resolveId(persistence, part);
    if ((await persistence.logs(id, { after: START, limit: 1 })) === undefined) throw noSuchJob(id);
    return [id, await beginningOf(persistence, id, wish)];
  };
  return {
    async page(part, wish, limit) {
      const [id, cursor] = await begin(part, wish);
      const { atom } = wish;
      const from = { cursor, limit, ...(atom === undefined ? {} : { atom }) };
      const { lines, more } = await readLines(persistence, id, from);
      const items = lines.map(toView);
      const last = items.at(-1);
      return { items, ...(more && last !== undefined ? { nextCursor: last.id } : {}) };
    },
    async follow(part, wish) {
      const [id, from] = await begin(part, wish);
      return {
        from: formatCursor(from),
        lines: (signal) => followed(feeds, { id, from, atom: wish.atom }, signal),
      };
    },
  };
}

interface Wanted {
  readonly id: string;
  readonly from: LogCursor;
  readonly atom: string | undefined;
}

async function* followed(
  feeds: Feeds,
  { id, from, atom }: Wanted,
  signal: AbortSignal,
): FollowedLines {
  const chunks = feeds.follow(id, from, signal);
  try {
    for (let cursor = from; ;) {
      const next = await chunks.next();
      if (next.done === true) return next.value;
      yield linesBehind(next.value, cursor, atom).map(toView);
      cursor = next.value.at(-1) ?? cursor;
    }
  } finally {
    await chunks.return(undefined);
  }
}

function toView({ at, seq, ...line }: PlacedLine): LogLineView {
  const id = formatCursor({ seq, n: line.n });
  return { id, at: new Date(at).toISOString(), ...line };
}
