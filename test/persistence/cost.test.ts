import { describe, expect, it } from "vitest";
import type { JobFilter, Persistence } from "../../persistence/persistence.js";
import { openSqlite } from "../../sqlite/open.js";
import type { Statements } from "../../sqlite/statements.js";
import { closing, openSteered, tempFile } from "../contracts/sqlite.js";

const STATES = ["SUCCESS", "REVERTED", "FAILURE", "CANCELLED"];
const PAGE = 20;
const ROUNDS = 30;

/** A database with so many finished jobs, of ten flows and five agents. */
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
    ...[id, id, `flow-${index % 10}`, index, STATES[index % 4] ?? "", `agent-${index % 5}`],
  );
}

async function pageMs(persistence: Persistence, filter: JobFilter): Promise<number> {
  const start = performance.now();
  const page = await persistence.jobs(filter, PAGE);
  const tookMs = performance.now() - start;
  if (page.jobs.length !== PAGE) throw new Error(`a page of ${page.jobs.length}`);
  return tookMs;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

describe("the cost of the first page", () => {
  it("does not grow with the history, under any filter", async () => {
    const [few, many] = [await withHistory(1_000), await withHistory(30_000)];
    const filters: readonly JobFilter[] = [
      {},
      { states: ["FAILURE"] },
      { flow: "flow-3" },
      { agent: "agent-2" },
      { flow: "flow-3", states: ["REVERTED", "CANCELLED"] },
    ];

    const ratios: number[] = [];
    for (const filter of filters) {
      const [fewMs, manyMs]: [number[], number[]] = [[], []];
      // In turns, so that what else the machine does falls on both.
      for (let round = 0; round < ROUNDS; round += 1) {
        fewMs.push(await pageMs(few, filter));
        manyMs.push(await pageMs(many, filter));
      }
      ratios.push(median(manyMs) / median(fewMs));
    }

    // Measured at 1,000 and 1,000,000: 1.0. A scan, or a sort, would be 30 here.
    expect(Math.max(...ratios)).toBeLessThan(3);
  });
});
