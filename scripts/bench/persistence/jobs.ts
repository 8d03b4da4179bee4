import { v7 } from "uuid";
import { flowHash } from "../../../agent/flow-hash.js";
import { toSignature } from "../../../common/job.js";
import type { FlowSpec } from "../../../engine/flow.js";
import type { Session } from "../../../mysql/session.js";
import { sql, table } from "../../../mysql/sql.js";

export const SPEC: FlowSpec = {
  kind: "flow",
  name: "three",
  pattern: "linear",
  children: ["a", "b", "c"].map((name) => ({ kind: "task", name }) as const),
};
export const BOARD = "bench";
const ROWS_MAX = 1_000;

/** Posts jobs without measuring it: many rows a statement. Returns their ids. */
export async function fill(session: Session, count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, () => v7());
  const signature = toSignature({ protocol: 1, flow: "three", version: 1, clauses: [] });
  for (let from = 0; from < count; from += ROWS_MAX) {
    const rows = table(ids.slice(from, from + ROWS_MAX).map((id) => ({ id })));
    await session.run([
      sql`INSERT INTO jobs (id, id_tail, flow, version, signature, flow_hash, name, priority,
          posted_via, posted_at, state)
        SELECT id, reverse(right(id, 12)), 'three', 1, ${signature}, ${flowHash(SPEC)}, 'three', 0,
          'bench', 0, 'WAITING' FROM ${rows} v`,
      sql`INSERT INTO job_texts (job, spec, params)
        SELECT id, ${JSON.stringify(SPEC)}, '{}' FROM ${rows} v`,
    ]);
  }
  return ids;
}
