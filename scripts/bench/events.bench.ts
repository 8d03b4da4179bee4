import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startAgent } from "../lab/agents.js";
import { startCrowd } from "../lab/events/crowd.js";
import { allOver, type Crowded, postBeside } from "../lab/events/crowded.js";
import { postAtPace } from "../lab/events/posters.js";
import { startPlace } from "../lab/fleet/places.js";
import { freePort } from "../lab/ports.js";
import { cpuSeconds, residentBytes } from "../lab/processes.js";
import { judge } from "./bars.js";
import { percentile, type Report } from "./report.js";

/*
 * `npm run bench -- events [--board embedded|redis] [--readers N] [--seconds N]`: what it costs an
 * agent that many follow what it does. 32 clients post 20 jobs a second, which it runs; first while
 * nobody follows, then beside 1,000 readers in another process, each of whom must get every event.
 */

const CLIENTS = 32;
const PER_SECOND = 20;
const IDLE_SECONDS = 20;
/** Share of the pace that is kept; a client whose post takes long skips none, but comes late. */
const PACE_MIN = 0.95;
const SLOWER_MAX = 20;

export default async function benchEvents(report: Report, words: readonly string[]): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...words],
    options: { board: text, readers: text, seconds: text },
  });
  const { board = "embedded" } = values;
  if (board !== "embedded" && board !== "redis") {
    throw new Error(`--board takes embedded or redis, not "${board}"`);
  }
  const [readers, seconds] = [Number(values.readers ?? 1_000), Number(values.seconds ?? 60)];
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-events-"));
  try {
    await using place = await startPlace(board, dir, 1);
    const settings = place.settings(0);
    const where = ["--board", settings.board, "--persistence", place.database];
    const agent = startAgent({
      ...{ name: "bench", port: await freePort(), stateHome: join(dir, "state") },
      args: [...where, "--slots", "32"],
      env: {
        ...{ ...settings.env, JOBRUNNER_LOG: "warn" },
        JOBRUNNER_API__STREAMS_PER_CALLER: String(Math.min(readers, 1_000)),
      },
    });
    await using _agent = agent;
    await agent.ready();
    const posting = { url: agent.url, clients: CLIENTS, perSecond: PER_SECOND };
    await postAtPace({ ...posting, seconds: 3 }); // Its code is warm then.
    const idle = await postAtPace({ ...posting, clients: 1, perSecond: 10, seconds: IDLE_SECONDS });
    report.row({ what: "idle, one client", ...spread(idle) });
    await allOver(agent.url);
    const before = cpuSeconds(agent.pid);
    const alone = await postAtPace({ ...posting, seconds: IDLE_SECONDS });
    await allOver(agent.url);
    const cpuMsPerPost = msEach(cpuSeconds(agent.pid) - before, alone);
    report.row({ what: "32 clients, nobody follows", ...spread(alone), cpuMsPerPost });
    await using crowd = await startCrowd(agent.url, readers);
    const begun = cpuSeconds(agent.pid);
    const crowded = await postBeside(crowd, { ...posting, seconds });
    const { tookMs } = crowded;
    report.row({
      ...{ what: `32 clients, ${readers} readers`, ...spread(tookMs) },
      cpuMsPerPost: msEach(cpuSeconds(agent.pid) - begun, tookMs),
    });
    report.row({
      ...{ board, readers, posts: crowded.tookMs.length, events: crowded.events },
      eventsPerReader: Math.min(...crowded.seen.map(({ first, last }) => last - first)),
      agentMiB: residentBytes(agent.pid) / 1024 ** 2,
    });
    judge(report, barsOf(crowded, seconds, percentile(idle, 0.99)));
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

function barsOf({ tookMs, wrong, events, seen }: Crowded, seconds: number, idleMs: number) {
  const fewest = Math.min(...seen.map(({ first, last }) => last - first));
  return [
    // Slower clients would be an easier task.
    { bar: "posts a second", measured: tookMs.length / seconds, min: PER_SECOND * PACE_MIN },
    { bar: "events that some reader lacks", measured: events - fewest, max: 0 },
    { bar: "readers with an event too few or too many", measured: wrong, max: 0 },
    {
      bar: "p99 of a post, times that of an idle agent",
      ...{ measured: percentile(tookMs, 0.99) / idleMs, max: SLOWER_MAX },
    },
  ];
}

/** Of the agent's processor; of its runner's not. */
function msEach(seconds: number, posts: readonly number[]): number {
  return (seconds * 1_000) / posts.length;
}

function spread(sample: readonly number[]) {
  return {
    posts: sample.length,
    p50Ms: percentile(sample, 0.5),
    p99Ms: percentile(sample, 0.99),
    maxMs: Math.max(...sample),
  };
}
