import type { JobView, RequirementView } from "../wire.js";

/** A job that waits, and what it needs and does not find on the agent. */
export interface WaitingView {
  readonly job: JobView;
  /** Nothing of the job's own is missing there. */
  readonly able: boolean;
  readonly missing: readonly RequirementView[];
}

/** Why one agent takes the jobs that wait, or does not: a page of them. */
export interface AgentJobsView {
  readonly agent: string;
  /** It takes jobs at all now. */
  readonly able: boolean;
  /** What keeps it from every job, however able; empty when `able`. */
  readonly missing: readonly RequirementView[];
  /** Newest first. */
  readonly items: readonly WaitingView[];
  /** There are older ones. */
  readonly nextCursor?: string;
}

/** Which of the jobs that wait are looked at: query of GET /v1/agents/NAME/why. */
export interface JobsPage {
  /** At most so many. */
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}
