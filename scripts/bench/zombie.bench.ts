import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Fleet } from "../lab/fleet/fleet.js";
import { startPlace } from "../lab/fleet/places.js";
import { sleepThroughLease } from "../lab/fleet/zombies.js";
import { type Bar, judge } from "./bars.js";
import type { Report } from "./report.js";

/*
 * `npm run bench -- zombie [--board redis|consul|embedded] [--rounds N]`: owners that are stopped
 * (SIGSTOP) past their lease, alone or with their runners, and go on (SIGCONT) when their jobs are
 * another's. A round is one stop of one owner; the next batch shows that it works as any other.
 */

const OWNERS = 6;
const JOBS_EACH = 2;
const LEASE_MS = 2_000;

export default async function benchZombies(
  report: Report,
  words: readonly string[],
): Promise<void> {
  const { values } = parseArgs({
    args: [...words],
    options: { board: { type: "string" }, rounds: { type: "string" } },
  });
  const rounds = Number(values.rounds ?? 200);
  if (!(rounds > 0)) throw new Error("--rounds takes a number above 0");
  const bars: Bar[] = [];
  for (const name of (values.board ?? "redis,consul").split(",")) {
    if (name !== "redis" && name !== "consul" && name !== "embedded") {
      throw new Error(`--board takes redis, consul or embedded, not "${name}"`);
    }
    bars.push(...(await measure(name, rounds, report)));
  }
  judge(report, bars);
}

async function measure(
  name: "redis" | "consul" | "embedded",
  rounds: number,
  report: Report,
): Promise<readonly Bar[]> {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-zombie-"));
  let [stopped, batches] = [0, 0];
  const faults: string[] = [];
  try {
    await using place = await startPlace(name, dir, OWNERS + 1);
    const size = { owners: OWNERS, jobsEach: JOBS_EACH };
    await using fleet = await Fleet.open({ ...size, dir, place, leaseMs: LEASE_MS });
    for (; stopped < rounds; batches += 1) {
      const whole = batches % 2 === 0;
      const seen = await sleepThroughLease(fleet, place, { leaseMs: LEASE_MS, whole });
      stopped += seen.stopped;
      faults.push(...seen.faults);
      for (const fault of seen.faults) report.note(`${name}: ${fault}`);
    }
    // The last ones take and run further jobs as well.
    const batch = await fleet.fill(1);
    batch.release();
    await fleet.ended(batch.jobs);
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
  const jobs = OWNERS * JOBS_EACH * batches;
  report.row({ board: name, what: "owners stopped past their lease", rounds: stopped, jobs });
  return [
    { bar: `${name}: late changes in ${String(stopped)} rounds`, measured: faults.length, max: 0 },
  ];
}
