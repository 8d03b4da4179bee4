import type { LogCursor } from "../../common/log.js";
import type { MysqlDatabase } from "../../mysql/database.js";
import { type Sql, sql } from "../../mysql/sql.js";
import { isEmpty } from "../columns.js";
import { toState } from "../rows.js";
import type { LogChunk, LogPage, LogRange, LogSize, LogStore } from "./port.js";
import { type LogRow, toChunk, toRow, toSize } from "./rows.js";

/** A body between quotes: JSON is full of characters that are escaped. */
const ESCAPED_MAX = 2;
const OVERHEAD_BYTES = 1_024;

/** Of a server's database. */
export function logsOnServer(database: MysqlDatabase): LogStore {
  return {
    addLogs: (chunks) => add(database, chunks),
    logs: (job, range) => page(database, job, range),
    logSizes: (job) => sizes(database, job),
    removeLogs: async (job, upTo) => {
      const { token, n } = upTo;
      await database.write([
        sql`DELETE FROM job_logs
          WHERE job = ${job} AND (token < ${token} OR (token = ${token} AND n <= ${n}))`,
      ]);
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
      await database.write(packet);
      packet = [];
      bytes = 0;
    }
    packet.push(insert(row));
    bytes += size;
  }
  if (packet.length > 0) await database.write(packet);
  return rows.map((row) => row.bytes);
}

/**
 * The job is locked while it is looked at, for this one statement, or a line would stay behind of a
 * job that is removed at this moment. Removing takes the locks in the same order: first the job's.
 */
function insert({ job, token, n, agent, body, bytes }: LogRow): Sql {
  return sql`INSERT INTO job_logs (job, token, n, agent, bytes, body)
    SELECT id, ${token}, ${n}, ${agent}, ${bytes}, ${body}
    FROM jobs WHERE id = ${job} LOCK IN SHARE MODE
    ON DUPLICATE KEY UPDATE job_logs.n = job_logs.n`;
}

async function page(
  database: MysqlDatabase,
  job: string,
  range: LogRange,
): Promise<LogPage | undefined> {
  const [where, order] =
    "after" in range
      ? [behind(range.after), sql`l.token, l.n`]
      : [before(range.before), sql`l.token DESC, l.n DESC`];
  const rows = await database.read(sql`
    SELECT j.state, l.* FROM jobs j LEFT JOIN job_logs l ON l.job = ${job} AND (${where})
    WHERE j.id = ${job} ORDER BY ${order} LIMIT ${range.limit}`);
  const [first] = rows;
  if (first === undefined) return undefined;
  return { state: toState(first), chunks: rows.filter((row) => !isEmpty(row, "n")).map(toChunk) };
}

/** Spelled out: of a comparison of rows the server makes no range. */
function behind({ token, n }: LogCursor): Sql {
  return sql`l.token > ${token} OR (l.token = ${token} AND l.n > ${n})`;
}

function before({ token, n }: LogCursor): Sql {
  return sql`l.token < ${token} OR (l.token = ${token} AND l.n < ${n})`;
}

async function sizes(database: MysqlDatabase, job: string): Promise<readonly LogSize[]> {
  const rows = await database.read(
    sql`SELECT token, n, bytes FROM job_logs WHERE job = ${job} ORDER BY token, n`,
  );
  return rows.map(toSize);
}
