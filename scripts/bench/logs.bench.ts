import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { v7 } from "uuid";
import { LogBook } from "../../agent/logs/book.js";
import { systemClock } from "../../cli/clock.js";
import { createCommitter } from "../../persistence/committer.js";
import { openPersistence } from "../../persistence/open.js";
import type { Append, Persistence } from "../../persistence/persistence.js";
import { startMariadb } from "../lab/servers/mariadb.js";
import { BOARD, SPEC } from "./persistence/jobs.js";
import { percentile, type Report } from "./report.js";

/*
 * What a task that writes 10,000 lines at once costs the checkpoints of other jobs of its agent:
 * 8 jobs append one after the other, by turns beside a silent job and beside one that writes.
 */

const JOBS = 8;
const LINES = 10_000;
const TURNS = 5;
const TURN_MS = 2_000;

export default async function bench(report: Report): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-bench-"));
  const mariadb = await startMariadb(dir);
  try {
    for (const [database, url] of [
      ["SQLite file", `sqlite:${join(dir, "jobs.db")}`],
      ["MariaDB", mariadb.url],
    ] as const) {
      await using persistence = await openPersistence(url);
      await persistence.setBoardId(undefined, BOARD);
      await compare(report, database, persistence);
    }
  } finally {
    await mariadb.server.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function compare(report: Report, database: string, persistence: Persistence): Promise<void> {
  const times = { silent: [] as number[], writing: [] as number[] };
  const stores: number[] = [];
  const owners = await Promise.all(Array.from({ length: JOBS }, () => own(persistence)));
  for (let turn = 0; turn <= TURNS; turn += 1) {
    const silent = await checkpoints(persistence, owners);
    const storing = write(persistence);
    const writing = await checkpoints(persistence, owners);
    const storeMs = await storing;
    if (turn === 0) continue; // Warms up.
    times.silent.push(...silent);
    times.writing.push(...writing);
    stores.push(storeMs);
  }
  for (const [beside, sample] of Object.entries(times)) {
    const [p50, p99] = [percentile(sample, 0.5), percentile(sample, 0.99)];
    report.row({ database, beside, checkpoints: sample.length, p50, p99 });
  }
  report.row({ database, lines: LINES, storedInMs: percentile(stores, 0.5) });
}

/** The next append of a job that is owned. */
type Owned = () => Append;

async function own(persistence: Persistence): Promise<Owned> {
  const id = v7();
  const needs = { protocol: 1, flow: "three", version: 1, clauses: [] };
  const job = { id, needs, spec: SPEC, flowHash: "bench", name: "bench", params: {} };
  await persistence.post({ ...job, priority: 0, postedVia: "bench" });
  const owner = `bench.${id}`;
  const raise = { job: id, seen: 0, owner, agent: "bench", machine: "bench", boardId: BOARD };
  const token = (await persistence.raise(raise)) ?? 0;
  let seq = 0;
  return () => {
    seq += 1;
    const changes = [{ change: "saved", atom: "a", value: seq }] as const;
    return { job: id, seq, token, owner, changes, repeated: false };
  };
}

/** What each took, ms. */
async function checkpoints(
  persistence: Persistence,
  owners: readonly Owned[],
): Promise<readonly number[]> {
  await using committer = createCommitter(persistence);
  const end = performance.now() + TURN_MS;
  const times: number[] = [];
  const run = async (next: Owned): Promise<void> => {
    while (performance.now() < end) {
      const began = performance.now();
      await committer.append(next());
      times.push(performance.now() - began);
    }
  };
  await Promise.all(owners.map(run));
  return times;
}

/** Until every line is stored, ms. */
async function write(persistence: Persistence): Promise<number> {
  const job = (await own(persistence))().job;
  await using book = new LogBook({
    ...{ persistence, clock: systemClock, log: pino({ level: "silent" }), agent: "bench" },
    ...{ bytesPerJob: 1024 ** 2, now: Date.now, stored: () => undefined },
  });
  const log = book.begin(job, 1);
  const began = performance.now();
  for (let n = 0; n < LINES; n += 1) {
    log.add({ atom: "a", phase: "execute", stream: "log", text: `line ${n} of a task` });
    if (n % 100 === 0) await new Promise(setImmediate); // As messages of a runner come.
  }
  await log.flush();
  return performance.now() - began;
}
