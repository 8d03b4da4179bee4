import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Fleet } from "../lab/fleet/fleet.js";
import { startPlace } from "../lab/fleet/places.js";
import { sleepThroughLease } from "../lab/fleet/zombies.js";
import { WireProxy } from "../lab/wire-proxy.js";
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
/** In every so manieth batch the owners' last entries arrive late. */
const LATE_EVERY = 4;

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
  let [stopped, batches, refused] = [0, 0, 0];
  const faults: string[] = [];
  try {
    await using place = await startPlace(name, dir, OWNERS + 1);
    await using line = await lineTo(place.database);
    const size = { owners: OWNERS, jobsEach: JOBS_EACH };
    const through = line === undefined ? {} : { ownersDatabase: line.url };
    await using fleet = await Fleet.open({ ...size, ...through, dir, place, leaseMs: LEASE_MS });
    for (; stopped < rounds; batches += 1) {
      const whole = batches % 2 === 0;
      const late = batches % LATE_EVERY === 1 && line !== undefined ? { line: line.proxy } : {};
      const seen = await sleepThroughLease(fleet, place, { leaseMs: LEASE_MS, whole, ...late });
      stopped += seen.stopped;
      refused += seen.refused;
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
  const what = "owners stopped past their lease";
  report.row({ board: name, what, rounds: stopped, jobs, refused });
  return [
    { bar: `${name}: late changes in ${String(stopped)} rounds`, measured: faults.length, max: 0 },
    // Else nothing was late, and the bar above has tried nothing. One file has no line to hold up.
    ...(name === "embedded"
      ? []
      : [{ bar: `${name}: late entries refused`, measured: refused, min: 1 }]),
  ];
}

interface Line extends AsyncDisposable {
  readonly proxy: WireProxy;
  readonly url: string;
}

/** A way to the database that can be held up; a file has none. */
async function lineTo(database: string): Promise<Line | undefined> {
  if (database.startsWith("sqlite:")) return undefined;
  const url = new URL(database);
  const proxy = await WireProxy.start({ to: Number(url.port) });
  url.port = String(proxy.port);
  return { proxy, url: url.href, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}
