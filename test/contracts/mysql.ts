import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, inject, onTestFinished } from "vitest";
import { parseAddress } from "../../mysql/address.js";
import { type Answer, Session } from "../../mysql/session.js";
import { Sql } from "../../mysql/sql.js";
import {
  type MysqlPersistence,
  openMysqlPersistence,
} from "../../persistence/mysql/persistence.js";
import type { PersistenceUnderTest } from "./persistence/subject.js";
import { closing, SteeredTime } from "./sqlite.js";

/** The address of an empty database of this test's own, dropped when the test is over. */
export async function emptyDatabase(server: string): Promise<string> {
  const url = await createDatabase(server);
  onTestFinished(() => dropDatabase(url));
  return url;
}

async function createDatabase(server: string): Promise<string> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await query(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function dropDatabase(url: string): Promise<void> {
  await query(url, `DROP DATABASE ${new URL(url).pathname.slice(1)}`);
}

/** One statement on a session of its own. */
export async function query(url: string, statement: string): Promise<Answer["rows"]> {
  const session = await Session.open(parseAddress(url), { idleSeconds: 60, silenceMs: 30_000 });
  try {
    const [answer] = await session.run([new Sql(statement)]);
    return answer?.rows ?? [];
  } finally {
    await session.close();
  }
}

/** A persistence with its schema, on the time of the server or on one that moves when told. */
export async function openMysql(url: string, time?: SteeredTime): Promise<MysqlPersistence> {
  const options = time === undefined ? {} : { now: () => time.now() };
  const persistence = closing(openMysqlPersistence(url, options));
  await persistence.migrate();
  return persistence;
}

/**
 * For a chapter of tests: one database for all of them, as making its tables takes a second; each
 * call empties it.
 */
export function databaseOfChapter(): () => Promise<string> {
  let url = "";
  beforeAll(async () => {
    url = await createDatabase(inject("mysqlUrl"));
    await using persistence = openMysqlPersistence(url);
    await persistence.migrate();
  });
  afterAll(() => dropDatabase(url));
  return async () => {
    for (const table of TABLES) await query(url, `DELETE FROM ${table}`);
    await query(url, "UPDATE cluster SET board_id = NULL, purged_at = NULL");
    return url;
  };
}

const TABLES = [
  ...["jobs", "job_texts", "job_words", "entries", "ownerships", "job_logs", "post_keys"],
  ...["retries", "requirements", "schedules", "job_controls", "unique_keys", "slot_keys"],
];

export async function openSteeredMysql(url: string): Promise<Required<PersistenceUnderTest>> {
  const time = new SteeredTime();
  return { persistence: await openMysql(url, time), advance: (ms) => time.advance(ms) };
}
