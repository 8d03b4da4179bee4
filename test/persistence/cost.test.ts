import { describe, expect, it } from "vitest";
import type { Persistence } from "../../persistence/persistence.js";
import { openSqlite } from "../../sqlite/open.js";
import type { Statements } from "../../sqlite/statements.js";
import { closing, openSteered, tempFile } from "../contracts/sqlite.js";
import { AGENTS, costs, FLOWS, STATES, tell, WORD } from "./costing.js";

/** A database with so many finished jobs. */
async function withHistory(jobs: number): Promise<Persistence> {
  const path = tempFile();
  const { persistence } = await openSteered({ path });
  const { database } = closing(await openSqlite(path));
  await database.write((sql) => {
    for (let index = 0; index < jobs; index += 1) insert(sql, index);
  });
  return persistence;
}

function insert(sql: Statements, index: number): void {
  const id = `019a${String(index).padStart(8, "0")}`;
  sql.run(
    `INSERT INTO jobs (id, id_tail, flow, version, signature, flow_hash, name, priority, posted_via,
       posted_at, state, token, agent)
     VALUES (?, ?, ?, 1, '[1,"f",1]', 'h', 'n', 0, 'a', ?, ?, 1, ?)`,
    ...[id, id, `flow-${index % FLOWS}`, index, STATES[index % 4] ?? "", `agent-${index % AGENTS}`],
  );
  for (const word of [WORD, "flow"]) {
    sql.run("INSERT INTO job_words (job, word) VALUES (?, ?)", id, word);
  }
}

describe("the cost of the first page", () => {
  it("does not grow with the history, under any filter", async () => {
    const found = await costs(await withHistory(1_000), await withHistory(30_000));

    // Measured at 1,000 and 1,000,000: 1.0. A scan, or a sort, would be 30 here.
    const ratios = found.map(({ fewMs, manyMs }) => manyMs / fewMs);
    expect(Math.max(...ratios), tell(found)).toBeLessThan(3);
  });
});
