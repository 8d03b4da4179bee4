import { expect, it } from "vitest";
import type { Persistence } from "../../../persistence/persistence.js";
import { emptyDatabase, openMysql, query } from "../../contracts/mysql.js";
import { closing } from "../../contracts/sqlite.js";
import { startMariadb } from "../../support/own-servers.js";
import { tempDir } from "../../support/temp.js";
import { AGENTS, costs, FLOWS, STATES, tell, WORD } from "../costing.js";

/** JOBRUNNER_HISTORY says how many jobs the long history has. */
const MANY = Number(process.env["JOBRUNNER_HISTORY"] ?? 30_000);
const FEW = 1_000;

const DIGITS = [1, 10, 100, 1_000].map(
  (of) =>
    `(SELECT 0 AS d${Array.from({ length: 9 }, (_, d) => ` UNION ALL SELECT ${(d + 1) * of}`).join("")}) AS t${of}`,
);
/** Rows that one statement inserts. */
const STEP = 10_000;

/** A database with so many finished jobs. */
async function withHistory(server: string, jobs: number): Promise<Persistence> {
  const url = await emptyDatabase(server);
  const persistence = await openMysql(url);
  const states = STATES.map((state) => `'${state}'`).join(", ");
  for (let from = 0; from < jobs; from += STEP) {
    const rows = `SELECT ${from} + t1.d + t10.d + t100.d + t1000.d AS n FROM ${DIGITS.join(" JOIN ")}`;
    const ids = `SELECT n, concat('019a', lpad(n, 8, '0')) AS id FROM (${rows}) numbers WHERE n < ${jobs}`;
    await query(
      url,
      `INSERT INTO jobs (id, id_tail, flow, version, signature, flow_hash, name, priority, posted_via,
        posted_at, state, token, agent, ended_at)
      SELECT id, id, concat('flow-', n % ${FLOWS}), 1, '[1,"f",1]', 'h', 'n', 0, 'a', n,
        elt(1 + n % 4, ${states}), 1, concat('agent-', n % ${AGENTS}), n FROM (${ids}) jobs`,
    );
    for (const word of [WORD, "flow"]) {
      await query(url, `INSERT INTO job_words (job, word) SELECT id, '${word}' FROM (${ids}) jobs`);
    }
  }
  await query(url, "ANALYZE TABLE jobs, job_words");
  return persistence;
}

/** Rows the server has read, by whatever way; nobody else uses it. */
async function rowsRead(url: string): Promise<number> {
  const rows = await query(url, "SHOW GLOBAL STATUS LIKE 'Handler\\_read\\_%'");
  return rows.reduce((sum, row) => sum + Number(row["Value"]), 0);
}

it(
  "reads as much of a long history as of a short one for the first page, under any filter",
  { timeout: 60_000 + MANY },
  async () => {
    const { url, server } = await startMariadb(tempDir());
    closing(server);

    const [few, many] = [await withHistory(url, FEW), await withHistory(url, MANY)];
    const own = await rowsRead(url); // Telling how much was read reads a little as well.
    const telling = (await rowsRead(url)) - own;
    const found = await costs(few, many, async () => (await rowsRead(url)) - telling);

    const [row] = await query(url, "SELECT @@version AS version");
    console.log(`note: ${String(row?.["version"])}: first page of ${FEW} and of ${MANY} jobs`);
    console.log(tell(found));
    // Rows and not time: these are the same on a busy machine.
    const ratios = found.map(({ fewWork, manyWork }) => manyWork / fewWork);
    expect(Math.max(...ratios)).toBeLessThan(2);
  },
);
