import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../../../mysql/session.js";
import { sql } from "../../../mysql/sql.js";
import { percentile, type Report } from "../report.js";

const SYNCS = 100;
/** What a small commit appends to the log, about, bytes. */
const SYNC_BYTES = 512;

/**
 * Says what a commit has to wait for: the bars against single commits mean something only where
 * these are on, and where a sync of the file system in `dir` costs something.
 */
export async function noteDurability(report: Report, admin: Session, dir: string): Promise<void> {
  const [answer] = await admin.run([
    sql`SHOW GLOBAL VARIABLES WHERE Variable_name IN ('innodb_flush_log_at_trx_commit',
      'innodb_flush_method', 'innodb_doublewrite', 'log_bin', 'sync_binlog')`,
  ]);
  const settings = (answer?.rows ?? []).map(
    (row) => `${String(row["Variable_name"])} ${String(row["Value"])}`,
  );
  report.note(settings.join(", "));
  const ms = syncsOf(join(dir, "sync-probe"));
  const [half, most] = [percentile(ms, 0.5), percentile(ms, 0.9)];
  report.note(`one sync of ${dir}: ${half.toFixed(2)} ms, 90 % within ${most.toFixed(2)} ms`);
}

/** How long each of a few syncs takes while nothing else of ours runs, ms. */
function syncsOf(file: string): readonly number[] {
  const descriptor = openSync(file, "w");
  try {
    return Array.from({ length: SYNCS }, () => {
      writeSync(descriptor, Buffer.alloc(SYNC_BYTES));
      const start = performance.now();
      fdatasyncSync(descriptor);
      return performance.now() - start;
    });
  } finally {
    closeSync(descriptor);
  }
}
