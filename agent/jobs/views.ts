import { formatClause, isEnded, type JobState } from "../../common/job.js";
import type { FlowView, JobView, OwnerView } from "../../common/wire.js";
import type { JobSummary, Ownership } from "../../persistence/persistence.js";
import { toControlsView } from "./controls/controls.js";
import type { FlowInfo } from "../runner/runner.js";

/** RFC 3339, UTC. */
export function toTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** One line of a job list. `now` is the database's clock: it decides what is still scheduled. */
export function toJobView(job: JobSummary, now: number): JobView {
  return {
    id: job.id,
    flow: job.needs.flow,
    version: job.needs.version,
    name: job.name,
    state: isScheduled(job, now) ? "SCHEDULED" : job.state,
    priority: job.priority,
    postedAt: toTime(job.postedAt),
    postedVia: job.postedVia,
    ...toControlsView(job),
    ...(job.agent === undefined ? {} : { agent: job.agent }),
    // What was asked of a job that is over asks for nothing any more.
    ...(job.request === undefined || isEnded(job.state) ? {} : { request: job.request }),
    ...(job.reason === undefined ? {} : { reason: job.reason }),
    ...(job.runAt === undefined ? {} : { runAt: toTime(job.runAt) }),
    ...(job.traceparent === undefined ? {} : { traceparent: job.traceparent }),
    ...(job.endedAt === undefined ? {} : { endedAt: toTime(job.endedAt) }),
  };
}

export function toNeeds(job: Pick<JobSummary, "needs">): readonly string[] {
  return job.needs.clauses.map(formatClause);
}

/**
 * In order of tokens. An owner that nobody saw leave had lost the job when the next one began;
 * `silent`: the last one has no claim any more.
 */
export function toOwnerViews(
  ownerships: readonly Ownership[],
  silent: boolean,
): readonly OwnerView[] {
  const lastEnd = silent ? "silent" : undefined;
  return ownerships.map((ownership, index) => {
    const next = ownerships[index + 1];
    const until = ownership.endedAt ?? next?.at;
    const ended = ownership.ended ?? (next === undefined ? lastEnd : "lost");
    return {
      token: ownership.token,
      agent: ownership.agent,
      machine: ownership.machine,
      since: toTime(ownership.at),
      ...(until === undefined ? {} : { until: toTime(until) }),
      ...(ended === undefined ? {} : { ended }),
    };
  });
}

export function toFlowView(flow: FlowInfo): FlowView {
  const { name, version, summary, schema, file } = flow;
  return { name, version, summary, schema, file };
}

function isScheduled(job: { state: JobState; runAt?: number }, now: number): boolean {
  return job.state === "WAITING" && job.runAt !== undefined && job.runAt > now;
}
