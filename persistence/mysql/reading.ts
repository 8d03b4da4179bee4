import type { JobRequest } from "../../common/job.js";
import { inPresentNames } from "../../engine/migration/renaming.js";
import type { Entry } from "../../engine/journal.js";
import { list, Sql, sql } from "../../mysql/sql.js";
import { integer, text } from "../columns.js";
import type { JobRow, OpenJob, OpenState, Ownership } from "../persistence.js";
import { COUNTS, JOB, openJobs } from "../queries.js";
import { idTail, toCounts, toEntry, toJobRow, toOpenJob, toOwnership, toRequest } from "../rows.js";
import { STARTABLE } from "./ownership.js";
import type { Transactions } from "./transaction.js";

/* One SELECT each, on the connections that only read. */

export async function now({ database, now }: Transactions): Promise<number> {
  const [row] = await database.read(sql`SELECT ${now} AS now`);
  return integer(row ?? {}, "now");
}

export async function job({ database }: Transactions, id: string): Promise<JobRow | undefined> {
  const [row] = await database.read(sql`${new Sql(JOB)} ${id}`);
  return row === undefined ? undefined : toJobRow(row);
}

/** Above every character of an id. */
const LAST = "\u{10ffff}";

export async function matchIds(
  { database }: Transactions,
  part: string,
  limit: number,
): Promise<readonly string[]> {
  const tail = idTail(part);
  const rows = await database.read(sql`
    SELECT id FROM jobs WHERE id >= ${part} AND id < ${part + LAST}
    UNION SELECT id FROM jobs WHERE id_tail >= ${tail} AND id_tail < ${tail + LAST}
      AND right(id, char_length(${part})) = ${part}
    ORDER BY id LIMIT ${limit}`);
  return rows.map((row) => text(row, "id"));
}

export async function ownerships(
  { database }: Transactions,
  id: string,
): Promise<readonly Ownership[]> {
  const rows = await database.read(sql`SELECT * FROM ownerships WHERE job = ${id} ORDER BY token`);
  return rows.map(toOwnership);
}

export async function load(
  { database }: Transactions,
  id: string,
  seq: number,
): Promise<readonly Entry[]> {
  const rows = await database.read(
    sql`SELECT job, seq, token, at, body FROM entries
      WHERE job = ${id} AND seq > ${seq} ORDER BY seq`,
  );
  return inPresentNames(rows.map(toEntry));
}

export async function requests(
  { database }: Transactions,
  ids: readonly string[],
): Promise<ReadonlyMap<string, JobRequest>> {
  const found = new Map<string, JobRequest>();
  const rows = await database.read(
    sql`SELECT id, request FROM jobs WHERE id IN (${list(ids)}) AND request IS NOT NULL`,
  );
  for (const row of rows) {
    const request = toRequest(row);
    if (request !== undefined) found.set(text(row, "id"), request);
  }
  return found;
}

export async function open(
  { database, now }: Transactions,
  limit: number,
  cursor: string,
): Promise<readonly OpenJob[]> {
  const jobs = new Sql(openJobs(sql`${cursor}`.text, sql`${limit}`.text));
  const rows = await database.read(sql`SELECT found.*, ${now} AS now FROM (${jobs}) AS found`);
  return rows.map((row) => toOpenJob(row, integer(row, "now")));
}

export async function counts({
  database,
}: Transactions): Promise<Readonly<Record<OpenState, number>>> {
  return toCounts(await database.read(new Sql(COUNTS)));
}

export async function startable(
  { database }: Transactions,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await database.read(
    sql`SELECT id FROM jobs WHERE id IN (${list(ids)}) AND state IN (${STARTABLE})`,
  );
  return new Set(rows.map((row) => text(row, "id")));
}
