import type { Needs } from "../common/job.js";
import type {
  AgentWhyView,
  CheckView,
  FlowsView,
  FlowView,
  JobDetailView,
  JobsView,
  PostRequest,
  WhyView,
} from "../common/wire.js";
import { toDetailView } from "./jobs/detail.js";
import { waitsFor } from "./jobs/controls/slots.js";
import { getFlow, listFlows } from "./jobs/flows.js";
import { type Ask, type AskAnswer, askJob } from "./jobs/asking.js";
import { type ListQuery, listJobs } from "./jobs/listing.js";
import type { JobsOptions } from "./jobs/options.js";
import { checkPosting, type PostAnswer, postJob } from "./jobs/posting.js";
import { noSuchJob, resolveId } from "./jobs/resolve.js";
import { isSilent } from "./owner/silent.js";
import { createVerbs, type Verbs } from "./jobs/verbs/verbs.js";
import { concluded, type Standing, standingOf } from "./jobs/why.js";
import { EndWaiters, type WaitLimit } from "./jobs/waiting.js";

/** What every agent takes and tells about jobs, for the HTTP API. */
export interface Jobs {
  /**
   * P-1, P-2: durable when it resolves, whatever the board says. The same key and request again
   * give the same job, whatever the trace. Throws UNKNOWN_FLOW, BAD_PARAMETERS, BAD_FLOW,
   * TOO_LARGE, CONFLICT (the key belongs to another request), KEY_HELD (P-43) or PERSISTENCE_DOWN
   * (nothing, or all of it, is stored). `dueAt`: the due time of a schedule that it is for, ms.
   */
  post(
    request: PostRequest,
    key?: string,
    traceparent?: string,
    dueAt?: number,
  ): Promise<PostAnswer>;
  /** What `post` would do, without doing it. */
  check(request: PostRequest): Promise<CheckView>;
  /** Newest first. A page may be shorter than its limit and still have a next one. */
  list(query: ListQuery): Promise<JobsView>;
  /** `part`: the id, or at least four characters of its beginning or end. */
  detail(part: string): Promise<JobDetailView>;
  /** The same, once the job is over or suspended, the time is up or the signal aborts. */
  awaitEnd(part: string, limit: WaitLimit): Promise<JobDetailView>;
  /** Why a job runs, or does not; of agents, this one answers. */
  why(part: string): Promise<WhyView>;
  /** The same without asking any agent. */
  standing(part: string): Promise<Standing>;
  /** Whether this agent could take jobs with these needs now. */
  explain(needs: Needs): Promise<AgentWhyView>;
  /** P-24. Throws CONFLICT when the job's state excludes it, NOT_FOUND, USAGE. */
  ask(part: string, ask: Ask): Promise<AskAnswer>;
  /** Retry, release, reprioritise, remove. */
  readonly verbs: Verbs;
  flows(): Promise<FlowsView>;
  /** Throws UNKNOWN_FLOW. */
  flow(name: string): Promise<FlowView>;
  /** To be called when this agent is done with a job, so that nobody waits longer than needed. */
  wake(id: string): void;
}

export function createJobs(options: JobsOptions): Jobs {
  const { persistence, runners } = options;
  const waiters = new EndWaiters(options.clock);
  return {
    post: (request, key, traceparent, dueAt) =>
      postJob(options, request, { key, traceparent, dueAt }),
    check: (request) => checkPosting(options, request),
    list: (query) => listJobs(persistence, query),
    detail: (part) => detail(options, part),
    async awaitEnd(part, limit) {
      const id = await resolveId(persistence, part);
      const over = async (): Promise<boolean> => !(await persistence.startable([id])).has(id);
      await waiters.until(id, over, limit);
      return detail(options, id);
    },
    async why(part) {
      const standing = await standingOf(options, part);
      return concluded(standing, standing.over ? [] : [await options.why(standing.requires)]);
    },
    standing: (part) => standingOf(options, part),
    explain: (needs) => options.why(needs),
    async ask(part, ask) {
      const answer = await askJob(options, part, ask);
      if (answer.done) waiters.wake(answer.view.id);
      return answer;
    },
    verbs: createVerbs(options),
    flows: () => listFlows(runners),
    flow: (name) => getFlow(runners, name),
    wake: (id) => waiters.wake(id),
  };
}

async function detail(options: JobsOptions, part: string): Promise<JobDetailView> {
  const { persistence } = options;
  const id = await resolveId(persistence, part);
  // The row first: when it says that the job is over, the journal read after it is whole.
  const row = await persistence.job(id);
  if (row === undefined) throw noSuchJob(id);
  const entries = await persistence.load(id);
  const ownerships = await persistence.ownerships(id);
  const silent = await isSilent(options, row, ownerships.at(-1));
  const progress = options.progress.of(id);
  const retries = await persistence.retries(id);
  const waiting = await waitsFor(persistence, row);
  const now = await persistence.now();
  return toDetailView({ row, entries, ownerships, retries, silent, progress, waiting, now });
}
