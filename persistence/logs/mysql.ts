import type { LogCursor } from "../../common/log.js";
import type { MysqlDatabase } from "../../mysql/database.js";
import { isDuplicate } from "../../mysql/faults.js";
import { type Sql, sql } from "../../mysql/sql.js";
import { isEmpty } from "../columns.js";
import { toState } from "../rows.js";
import type { LogChunk, LogPage, LogRange, LogSize, LogStore } from "./port.js";
import { type LogRow, toChunk, toRow, toSize } from "./rows.js";

/** A body between quotes: JSON is full of characters that are escaped. */
const ESCAPED_MAX = 2;
const OVERHEAD_BYTES = 1_024;
/** Tries of a packet whose numbers others take: only owners that are late come in between. */
const NUMBER_TRIES_MAX = 10;

/** Of a server's database. */
export function logsOnServer(database: MysqlDatabase): LogStore {
  return {
    addLogs: (chunks) => add(database, chunks),
    logs: (job, range) => page(database, job, range),
    logSizes: (job) => sizes(database, job),
    removeLogs: async (job, upTo) => {
      await database.write([sql`DELETE FROM job_logs WHERE job = ${job} AND seq <= ${upTo}`]);
    },
  };
}

/** Every statement commits by itself. */
async function add(
  database: MysqlDatabase,
  chunks: readonly LogChunk[],
): Promise<readonly number[]> {
  const rows = chunks.map(toRow);
  let packet: Sql[] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = row.bytes * ESCAPED_MAX + OVERHEAD_BYTES;
    if (packet.length > 0 && bytes + size > database.packetBytesMax) {
      await write(database, packet);
      packet = [];
      bytes = 0;
    }
    packet.push(insert(row));
    bytes += size;
  }
  if (packet.length > 0) await write(database, packet);
  return rows.map((row) => row.bytes);
}

/** Another agent that stores for the same job took the number: the next one is for this chunk. */
async function write(database: MysqlDatabase, packet: readonly Sql[]): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return void (await database.write(packet));
    } catch (error) {
      if (!isDuplicate(error) || tries === NUMBER_TRIES_MAX) throw error;
    }
  }
}

/**
 * The job is locked while it is looked at, for this one statement, or a line would stay behind of a
 * job that is removed at this moment. Removing takes the locks in the same order: first the job's.
 * The number is one more than that of the last chunk which is committed, and unique: so it rises in
 * the order in which chunks become visible, which an AUTO_INCREMENT does not.
 */
function insert({ job, token, n, agent, body, bytes }: LogRow): Sql {
  return sql`INSERT INTO job_logs (job, seq, token, n, agent, bytes, body)
    SELECT j.id, (SELECT coalesce(max(l.seq), 0) + 1 FROM job_logs l WHERE l.job = ${job}),
      ${token}, ${n}, ${agent}, ${bytes}, ${body}
    FROM jobs j WHERE j.id = ${job} AND NOT EXISTS
      (SELECT 1 FROM job_logs l WHERE l.job = ${job} AND l.token = ${token} AND l.n = ${n})
    LOCK IN SHARE MODE`;
}

async function page(
  database: MysqlDatabase,
  job: string,
  range: LogRange,
): Promise<LogPage | undefined> {
  const [where, order] =
    "after" in range
      ? [behind(range.after), sql`l.seq`]
      : [sql`l.seq < ${range.before}`, sql`l.seq DESC`];
  const rows = await database.read(sql`
    SELECT j.state, l.* FROM jobs j LEFT JOIN job_logs l ON l.job = ${job} AND (${where})
    WHERE j.id = ${job} ORDER BY ${order} LIMIT ${range.limit}`);
  const [first] = rows;
  if (first === undefined) return undefined;
  return { state: toState(first), chunks: rows.filter((row) => !isEmpty(row, "n")).map(toChunk) };
}

/** Spelled out: of a comparison of rows the server makes no range. */
function behind({ seq, n }: LogCursor): Sql {
  return sql`l.seq > ${seq} OR (l.seq = ${seq} AND l.n > ${n})`;
}

async function sizes(database: MysqlDatabase, job: string): Promise<readonly LogSize[]> {
  const rows = await database.read(
    sql`SELECT seq, bytes FROM job_logs WHERE job = ${job} ORDER BY seq`,
  );
  return rows.map(toSize);
}
