import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAddress } from "../../mysql/address.js";
import { Session } from "../../mysql/session.js";
import { sql } from "../../mysql/sql.js";
import { openPersistence } from "../../persistence/open.js";
import { startMariadb } from "../lab/servers/mariadb.js";
import { noteDurability } from "./persistence/durability.js";
import { BOARD, fill } from "./persistence/jobs.js";
import { ourFlows, type RunFlow } from "./persistence/ours.js";
import { type Bodies, groupingWriter, singleWriter } from "./persistence/raw.js";
import { percentile, type Report } from "./report.js";

/*
 * Three-task flows a second, through the real engine and persistence, beside raw writers of the
 * same rows, all by turns on one MariaDB. Posting is not measured. Bars are ratios of one run.
 */

const ROUNDS = 3;
const ROUND_MS = 2_000;
/** Time for each writer before the rounds of a flow that is alone, ms: an agent of a day is warm. */
const WARM_UP_MS = 10_000;
const SINGLE_SESSIONS = 32;
/** Flows in progress, and more jobs than a round can run. */
const CASES = [
  { inProgress: 1, jobs: 2_500 },
  { inProgress: 32, jobs: 5_000 },
  { inProgress: 256, jobs: 8_000 },
] as const;
const WRITERS = ["ours", "single", "grouping"] as const;
type Writer = (typeof WRITERS)[number];

export default async function bench(report: Report): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-bench-"));
  const mariadb = await startMariadb(dir, { args: ["--innodb-buffer-pool-size=256M"] });
  const sessions: Session[] = [];
  try {
    await using persistence = await openPersistence(mariadb.url);
    await persistence.setBoardId(undefined, BOARD);
    for (let index = 0; index < SINGLE_SESSIONS + 3; index += 1) {
      sessions.push(await Session.open(parseAddress(mariadb.url), LONG));
    }
    const [admin, ...others] = sessions as [Session, ...Session[]];
    const [row] = (await admin.run([sql`SELECT @@version AS version`]))[0]?.rows ?? [];
    report.note(`MariaDB ${String(row?.["version"])}, Node ${process.versions.node}`);
    await noteDurability(report, admin, dir);
    const flows = ourFlows(persistence);
    const bodies = await bodiesOf(admin, flows);
    const writers: Readonly<Record<Writer, RunFlow>> = {
      ours: flows,
      single: singleWriter(others.slice(2), bodies),
      grouping: groupingWriter(others.slice(0, 2), bodies),
    };
    await measureAll(report, admin, writers);
  } finally {
    for (const session of sessions) session.destroy();
    await mariadb.server.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

const LONG = { idleSeconds: 600, silenceMs: 60_000 };

/** The texts that one of our flows leaves behind: what the raw writers write. */
async function bodiesOf(admin: Session, run: RunFlow): Promise<Bodies> {
  const [job = ""] = await fill(admin, 1);
  await run(job);
  const [answer] = await admin.run([sql`SELECT body FROM entries WHERE job = ${job} ORDER BY seq`]);
  return (answer?.rows ?? []).map((row) => String(row["body"]));
}

interface Round {
  readonly perSecond: number;
  readonly commits: number;
  readonly statements: number;
}

async function measureAll(
  report: Report,
  admin: Session,
  writers: Readonly<Record<Writer, RunFlow>>,
): Promise<void> {
  const missed: string[] = [];
  let ids: string[] = [];
  for (const { inProgress, jobs } of CASES) {
    const rounds: Record<Writer, Round[]> = { ours: [], single: [], grouping: [] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const writer of WRITERS) {
        if (ids.length < jobs) ids = [...ids, ...(await fill(admin, jobs))];
        const ms = inProgress === 1 && round === 0 ? WARM_UP_MS : ROUND_MS;
        const { used, ...result } = await measure(admin, writers[writer], { ids, inProgress, ms });
        ids = ids.slice(used);
        if (round > 0) rounds[writer].push(result); // The first one warms up.
      }
    }
    const median = (writer: Writer, what: keyof Round): number =>
      percentile(
        rounds[writer].map((round) => round[what]),
        0.5,
      );
    const ours = median("ours", "perSecond");
    const toSingle = ours / median("single", "perSecond");
    const toGrouping = ours / median("grouping", "perSecond");
    report.row({
      inProgress,
      "flows/s": ours,
      "single writer": median("single", "perSecond"),
      "grouping writer": median("grouping", "perSecond"),
      "x single": toSingle,
      "x grouping": toGrouping,
      "commits/flow": median("ours", "commits"),
      "statements/flow": median("ours", "statements"),
    });
    missed.push(
      ...missedBars(inProgress, { toSingle, toGrouping, commits: median("ours", "commits") }),
    );
  }
  report.note(
    "bars: alone >= 0.8 x grouping and <= 4 commits; 256: >= 5 x single, >= 0.3 x grouping",
  );
  report.note("      (0.4 is the aim) and <= 0.1 commits a flow");
  if (missed.length > 0) throw new Error(`bars missed: ${missed.join("; ")}`);
}

interface Load {
  readonly ids: readonly string[];
  readonly inProgress: number;
  /** How long, ms; it ends sooner when there are no more jobs. */
  readonly ms: number;
}

async function measure(
  admin: Session,
  run: RunFlow,
  { ids, inProgress, ms }: Load,
): Promise<Round & { readonly used: number }> {
  const before = await counters(admin);
  const start = performance.now();
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (performance.now() - start < ms) {
      const id = ids[next];
      if (id === undefined) return;
      next += 1;
      await run(id);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: inProgress }, work));
  const seconds = (performance.now() - start) / 1000;
  const after = await counters(admin);
  return {
    used: next,
    perSecond: done / seconds,
    commits: (after.commits - before.commits) / done,
    statements: (after.statements - before.statements) / done,
  };
}

async function counters(admin: Session): Promise<{ commits: number; statements: number }> {
  const [answer] = await admin.run([
    sql`SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_commit', 'Questions')`,
  ]);
  const found = new Map(
    answer?.rows.map((row) => [String(row["Variable_name"]), Number(row["Value"])]),
  );
  return { commits: found.get("Com_commit") ?? 0, statements: found.get("Questions") ?? 0 };
}

function missedBars(
  inProgress: number,
  seen: { readonly toSingle: number; readonly toGrouping: number; readonly commits: number },
): readonly string[] {
  const bars: readonly (readonly [boolean, string])[] =
    inProgress === 1
      ? [
          [seen.toGrouping >= 0.8, "alone: 0.8 x grouping"],
          [seen.commits <= 4.05, "alone: 4 commits"],
        ]
      : inProgress === 256
        ? [
            [seen.toSingle >= 5, "256: 5 x single"],
            [seen.toGrouping >= 0.3, "256: 0.3 x grouping"],
            [seen.commits <= 0.1, "256: 0.1 commits"],
          ]
        : [];
  return bars.flatMap(([holds, name]) => (holds ? [] : [name]));
}
