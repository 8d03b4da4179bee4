import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startConsul } from "../lab/servers/consul.js";
import { benchCrowd } from "./board/consul-crowd.js";
import { benchClaimLatency, benchPickUp } from "./board/consul-looks.js";
import { ConsulPlace } from "./board/consul-place.js";
import { benchRates } from "./board/consul-rates.js";
import type { Report } from "./report.js";

/** The board in Consul, on one server with its data on disk, all on this machine. */
export default async function bench(report: Report): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-bench-"));
  try {
    const consul = await startConsul(dir);
    await using _server = consul.server;
    await using place = new ConsulPlace(consul.port);
    const raw = await benchRates(place, report);
    const { jobsPerSecond, failedPerJob } = await benchCrowd(place, report);
    const latency = await benchClaimLatency(place, report);
    const { ofPut, idlePerSecond } = await benchPickUp(place, consul.port, report);
    judge(report, [
      ["20 agents: jobs/s of the raw rate at 32", jobsPerSecond / raw, { min: 0.25 }],
      ["20 agents: failed claims a job", failedPerJob, { max: 1.5 }],
      ["claim latency at 5,000 against 100", latency, { max: 1.5 }],
      ["pick-up p50 against a PUT's", ofPut, { max: 10 }],
      ["idle requests a second", idlePerSecond, { max: 2 }],
    ]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

type Bar = readonly [
  what: string,
  value: number,
  bar: { readonly min?: number; readonly max?: number },
];

function judge(report: Report, bars: readonly Bar[]): void {
  const missed: string[] = [];
  for (const [what, value, { min = 0, max = Number.POSITIVE_INFINITY }] of bars) {
    const holds = value >= min && value <= max;
    report.row({ bar: what, value, ...(min > 0 ? { min } : { max }), holds });
    if (!holds) missed.push(what);
  }
  if (missed.length > 0) throw new Error(`bars missed: ${missed.join("; ")}`);
}
