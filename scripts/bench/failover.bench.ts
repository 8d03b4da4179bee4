import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseDuration } from "../../common/text/duration.js";
import { type Failover, failOver, type Leaving } from "../lab/fleet/failover.js";
import { Fleet } from "../lab/fleet/fleet.js";
import { type PlaceName, startPlace } from "../lab/fleet/places.js";
import { type Bar, judge } from "./bars.js";
import { percentile, type Report } from "./report.js";

/*
 * `npm run bench -- failover [--board redis|consul|embedded] [--rounds N] [--lease 5s]
 * [--leaving kill|term|machine|outage]`: how soon a job goes on elsewhere when its owner is killed,
 * told to leave, or gone with its whole machine. Agents are processes of the built package. A round
 * is one owner that leaves; several are under way at a time, each at a moment of its own.
 */

const OWNERS = 4;
const JOBS_EACH = 2;
const DEFAULT_LEASE_MS = 10_000;
const SHORT_LEASE_MS = 3_000;
const TERM_P95_MS = 500;
const MACHINE_MS = 12_000;
const BUCKETS = 8;

type BoardName = Exclude<PlaceName, "machines">;

interface Case {
  readonly name: PlaceName;
  readonly leaving: Leaving;
  readonly leaseMs: number;
}

export default async function benchFailover(
  report: Report,
  words: readonly string[],
): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...words],
    options: { board: text, rounds: text, lease: text, leaving: text },
  });
  const rounds = Number(values.rounds ?? 20);
  const lease = values.lease === undefined ? undefined : parseDuration(values.lease);
  if (!(rounds > 0)) throw new Error("--rounds takes a number above 0");
  const leases = lease === undefined ? [DEFAULT_LEASE_MS, SHORT_LEASE_MS] : [lease];
  const wanted = values.leaving?.split(",");
  const groups = (values.board ?? "redis,consul")
    .split(",")
    .flatMap(boardNamed(leases))
    .map((cases) => cases.filter(({ leaving }) => wanted?.includes(leaving) ?? true))
    .filter((cases) => cases.length > 0);
  if (groups.length === 0) throw new Error(`nobody leaves by "${values.leaving ?? ""}"`);
  const bars: Bar[] = [];
  for (const cases of groups) {
    bars.push(...(await measureAll(cases, rounds, report)));
  }
  judge(report, bars);
}

/** What is measured of a board, in groups that share their servers. */
function boardNamed(leases: readonly number[]): (board: string) => readonly (readonly Case[])[] {
  const leaseMs = leases[0] ?? DEFAULT_LEASE_MS;
  return (board) => {
    if (!isBoardName(board)) {
      throw new Error(`--board takes redis, consul or embedded, not "${board}"`);
    }
    const name = board;
    const kills = leases.map((ms): Case => ({ name, leaving: "kill", leaseMs: ms }));
    const machines = (["machine", "outage"] as const).map((leaving): Case => {
      return { name: "machines", leaving, leaseMs };
    });
    const common: readonly Case[] = [...kills, { name, leaving: "term", leaseMs }];
    return board === "consul" ? [common, machines] : [common];
  };
}

function isBoardName(text: string): text is BoardName {
  return text === "redis" || text === "consul" || text === "embedded";
}

async function measureAll(
  cases: readonly Case[],
  rounds: number,
  report: Report,
): Promise<readonly Bar[]> {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-failover-"));
  const bars: Bar[] = [];
  try {
    await using place = await startPlace(cases[0]?.name ?? "embedded", dir, OWNERS + 1);
    for (const each of cases) {
      const own = join(dir, `${each.leaving}-${String(each.leaseMs)}`);
      mkdirSync(own);
      const { leaving, leaseMs } = each;
      const size = { owners: OWNERS, jobsEach: JOBS_EACH };
      await using fleet = await Fleet.open({ ...size, dir: own, place, leaseMs });
      const all: Failover[] = [];
      while (all.length < rounds) all.push(...(await failOver(fleet, place, { leaving, leaseMs })));
      bars.push(...barsOf(each, all, report));
    }
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
  return bars;
}

function barsOf(
  { name, leaving, leaseMs }: Case,
  all: readonly Failover[],
  report: Report,
): readonly Bar[] {
  const claims = all.map(({ claimMs }) => claimMs);
  const tasks = all.map(({ taskMs }) => taskMs);
  const what = `${name}, ${leaving}, lease ${String(leaseMs / 1_000)} s`;
  for (const [to, sample] of [["claim", claims] as const, ["first task", tasks] as const]) {
    const [p50, p95] = [percentile(sample, 0.5), percentile(sample, 0.95)];
    const range = { min: Math.min(...sample), p50, p95, max: Math.max(...sample) };
    report.row({ what, to, rounds: sample.length, ...range });
  }
  histogram(what, claims, report);
  if (leaving === "term") {
    return [
      { bar: `${what}: p95 to claim, ms`, measured: percentile(claims, 0.95), max: TERM_P95_MS },
      {
        bar: `${what}: p95 to first task, ms`,
        measured: percentile(tasks, 0.95),
        max: TERM_P95_MS,
      },
    ];
  }
  // Measured and not judged: Consul takes its time to tell who of so many is gone.
  if (leaving === "outage") return [];
  const max = leaving === "machine" ? MACHINE_MS : leaseMs + 1_000;
  return [{ bar: `${what}: longest to claim, ms`, measured: Math.max(...claims), max }];
}

/** Equal steps from the shortest to the longest. */
function histogram(what: string, sample: readonly number[], report: Report): void {
  const low = Math.min(...sample);
  const step = Math.max(1, Math.ceil((Math.max(...sample) - low + 1) / BUCKETS));
  for (let from = low; from <= Math.max(...sample); from += step) {
    const rounds = sample.filter((ms) => ms >= from && ms < from + step).length;
    report.row({ what, fromMs: from, toMs: from + step, rounds, bar: "#".repeat(rounds) });
  }
}
