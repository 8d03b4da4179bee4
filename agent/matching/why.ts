import type { Clock } from "../../common/clock.js";
import type { Clause, Needs } from "../../common/job.js";
import type { AgentWhyView, RequirementView } from "../../common/wire.js";
import type { AgentJobsView, JobsPage, WaitingView } from "../../common/wire/agent-why.js";
import type { JobSummary, Persistence } from "../../persistence/persistence.js";
import type { WaitsForView } from "../../common/wire/flow-control.js";
import { waitsFor } from "../jobs/controls/slots.js";
import { toJobView } from "../jobs/views.js";
import { inTime, type InTime } from "./in-time.js";
import type { Matcher } from "./match.js";
import type { Readiness } from "./readiness.js";

export interface WhyOptions {
  /** Name of this agent. */
  readonly agent: string;
  readonly matcher: Pick<Matcher, "explain" | "judge">;
  readonly readiness: Pick<Readiness, "explain">;
  readonly persistence: Pick<Persistence, "jobs" | "now" | "slots">;
  readonly clock: Clock;
  slots(): number;
  /** Jobs that run here. */
  running(): readonly string[];
}

/**
 * Why this agent does or does not take jobs: every requirement is asked, whatever the others say,
 * so that people see how much is missing, and for a limited time: people wait.
 */
export interface WhyHere {
  /** Jobs with these needs. Never rejects. */
  job(needs: Needs): Promise<AgentWhyView>;
  /** One thing that jobs may ask of it. Never rejects. */
  clause(clause: Clause): Promise<AgentWhyView>;
  /** The jobs that wait, page by page. */
  jobs(page: JobsPage): Promise<AgentJobsView>;
}

export function createWhyHere(options: WhyOptions): WhyHere {
  return {
    job: (needs) => whyJob(options, needs),
    clause: (clause) => whyClause(options, clause),
    jobs: (page) => whyJobs(options, page),
  };
}

async function whyJob(options: WhyOptions, needs: Needs): Promise<AgentWhyView> {
  const within = inTime(options.clock);
  const [own, asked] = await Promise.all([
    options.readiness.explain(within),
    options.matcher.explain(needs, within),
  ]);
  const requirements = [...own, ...asked, slotOf(options)];
  return { agent: options.agent, able: requirements.every(isMet), requirements };
}

async function whyClause(
  { agent, matcher, clock }: WhyOptions,
  clause: Clause,
): Promise<AgentWhyView> {
  const requirement = await matcher.judge(clause, inTime(clock));
  return { agent, able: isMet(requirement), requirements: [requirement] };
}

async function whyJobs(options: WhyOptions, { limit, cursor }: JobsPage): Promise<AgentJobsView> {
  const { agent, readiness, persistence, clock } = options;
  const page = await persistence.jobs({ states: ["WAITING"] }, limit, cursor);
  const now = await persistence.now();
  const within = inTime(clock);
  const [own, items] = await Promise.all([
    readiness.explain(within),
    Promise.all(page.jobs.map((job) => whyWaiting(options, { job, now, within }))),
  ]);
  const missing = [...own, slotOf(options)].filter((each) => !isMet(each));
  return {
    ...{ agent, able: missing.length === 0, missing, items },
    ...(page.next === undefined ? {} : { nextCursor: page.next }),
  };
}

async function whyWaiting(
  { matcher, persistence }: WhyOptions,
  { job, now, within }: { job: JobSummary; now: number; within: InTime },
): Promise<WaitingView> {
  const view = toJobView(job, now);
  const due: readonly RequirementView[] =
    view.state === "SCHEDULED"
      ? [{ what: "due", verdict: "no", observed: `not before ${String(view.runAt)}` }]
      : [];
  const full = slotRequirement(await waitsFor(persistence, job));
  const missing = [...due, ...full, ...(await matcher.explain(job.needs, within))].filter(
    (each) => !isMet(each),
  );
  return { job: view, able: missing.length === 0, missing };
}

/** P-45 */
function slotRequirement(waits: WaitsForView | undefined): readonly RequirementView[] {
  if (waits === undefined) return [];
  const { key, limit, taken } = waits;
  const observed = `${taken.length} of ${limit} taken`;
  return [{ what: `slot of ${key}`, verdict: "no", observed }];
}

function isMet({ verdict }: RequirementView): boolean {
  return verdict === "yes";
}

function slotOf({ running, slots }: WhyOptions): RequirementView {
  const what = "free slot";
  const [jobs, all] = [running(), slots()];
  if (jobs.length < all) return { what, verdict: "yes" };
  return {
    what,
    verdict: "no",
    observed: `all ${all} in use`,
    needed: "one",
    help: `wait for one of its ${jobs.length} jobs, or give it more --slots`,
  };
}
