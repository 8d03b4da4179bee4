import pino from "pino";
import { onTestFinished } from "vitest";
import { Metrics } from "../../agent/metrics/metrics.js";
import { Scheduler } from "../../agent/schedules/scheduler.js";
import { createSchedules } from "../../agent/schedules/schedules.js";
import type { Jobs } from "../../agent/jobs.js";
import { toJobView } from "../../agent/jobs/views.js";
import type { CatchUp } from "../../common/wire/schedules.js";
import type { PostRequest } from "../../common/wire.js";
import { openPersistence } from "../../persistence/open.js";
import type { Persistence } from "../../persistence/persistence.js";
import { newJob } from "../contracts/samples.js";
import { FakeClock } from "../support/fake-clock.js";
import { tempDir } from "../support/temp.js";

/* Schedulers of agents on one database, in time that is told. */

export const MINUTE = 60_000;

export interface AgentOptions {
  /** 0..1, what its chance says; default 0. */
  readonly chance?: number;
  /** Stands in for what it posts with. */
  readonly post?: (post: Jobs["post"]) => Jobs["post"];
  /** Stands in for moving the due time on. */
  readonly advance?: Persistence["schedules"]["advance"];
}

export async function openCluster() {
  const clock = new FakeClock();
  const persistence = await openPersistence(`sqlite:${tempDir()}/jobs.db`, {
    now: () => clock.now(),
  });
  onTestFinished(() => persistence[Symbol.asyncDispose]());
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
  const metrics = new Metrics();
  const post = posting(persistence);
  const agent = (options: AgentOptions = {}) => {
    const { advance = persistence.schedules.advance, chance = 0 } = options;
    const schedules = { ...persistence.schedules, advance };
    const jobs = { post: options.post?.(post) ?? post };
    const scheduler = new Scheduler({
      persistence: { schedules, postedBefore: (key) => persistence.postedBefore(key) },
      ...{ jobs, log, clock, metrics, random: () => chance },
    });
    onTestFinished(() => scheduler.stop());
    return scheduler;
  };
  const schedules = createSchedules({
    persistence,
    jobs: { check: () => Promise.reject(new Error("not asked")) },
    agent: "alpha",
    changed: () => undefined,
  });
  return {
    ...{ clock, persistence, agent, schedules, log: lines },
    /** Metrics of all agents whose names hold these words. */
    counted: async (words: string) =>
      (await metrics.text())
        .split("\n")
        .filter((line) => !line.startsWith("#") && line.includes(words)),
    make: (catchUp: CatchUp, cron = "* * * * *", startBy?: string) =>
      make(persistence, catchUp, { cron, startBy }),
    /** Due times for which there is a job, in order; twice when there are two. */
    posted: () => posted(persistence),
  };
}

/** What an agent does, without flow code: every flow is there and takes everything. */
export function posting(persistence: Persistence): Jobs["post"] {
  return async ({ flow }: PostRequest, key = "") => {
    const job = newJob({ name: key, key: { key, bodyHash: "h" } });
    const { id, posted } = await persistence.post({ ...job, needs: { ...job.needs, flow } });
    const row = await persistence.job(id);
    if (row === undefined) return { created: false, view: { id, removed: "by retention" } };
    return { created: posted === "created", view: toJobView(row, await persistence.now()) };
  };
}

export async function make(
  persistence: Persistence,
  catchUp: CatchUp,
  { cron, startBy }: { readonly cron: string; readonly startBy?: string | undefined },
): Promise<string> {
  const schedules = createSchedules({
    persistence,
    jobs: { check: async () => ({ flow: "hello", version: 1 }) as never },
    ...{ agent: "alpha", changed: () => undefined },
  });
  const job = { flow: "hello", ...(startBy !== undefined && { startBy }) };
  return (await schedules.add({ name: "tick", cron, catchUp, job })).view.id;
}

export async function posted(persistence: Persistence): Promise<readonly number[]> {
  const { jobs } = await persistence.jobs({}, 500);
  return jobs.map(({ name }) => Number(name.split(":")[2])).sort((a, b) => a - b);
}
