import type { Failure } from "../failure.js";
import type { JobRequest } from "../job.js";

/*
 * What happened, as the HTTP API tells it: docs/events.md says which type has which fields.
 */

/** Of a job's journal: told by every agent alike, whoever wrote it, for as long as the job is kept. */
export const JOURNAL_TYPES = [
  "job.posted",
  "job.owner",
  "job.state",
  "job.cancel",
  "job.handover",
  "job.migrated",
  "job.finished",
  "atom.state",
  "atom.again",
  "atom.saved",
  "retry.decision",
  "retry.wait",
] as const;

/** Told as it happens, and by the rings of agents for a while. */
const PASSING_TYPES = [
  "job.claimed",
  "job.released",
  "job.lost",
  "job.resumed",
  "job.requested",
  "job.reprioritised",
  "job.deleted",
  "jobs.removed",
  "atom.progress",
  "agent.joined",
  "agent.left",
  "agent.state",
  "agent.drain",
  "agent.unreachable",
  "agent.reachable",
  "board.degraded",
  "board.recovered",
  "flow.loaded",
  "flow.error",
] as const;

export const EVENT_TYPES = [...JOURNAL_TYPES, ...PASSING_TYPES] as const;

export type EventType = (typeof EVENT_TYPES)[number];

export interface EventView {
  readonly type: EventType;
  /** RFC 3339, the database's clock as well as the agent knows it. */
  readonly at: string;
  /** Where it happened: the agent that wrote it, or that it is about. */
  readonly agent?: string;
  readonly job?: string;
  readonly flow?: string;
  readonly version?: number;
  readonly name?: string;
  readonly atom?: string;
  /** The retry that decided, that waits, or that started the atom anew. */
  readonly retry?: string;
  /** States, or versions of a flow, before and after. */
  readonly from?: string | number;
  readonly to?: string | number;
  /** The ownership that wrote it, and the number of its entry in the job's journal. */
  readonly token?: number;
  readonly seq?: number;
  /** Of a retry: RETRY, REVERT or REVERT_ALL. */
  readonly decision?: string;
  /** Of a retry that waits: until when. Of a posted job: not before. RFC 3339. */
  readonly until?: string;
  readonly request?: JobRequest;
  /** Of a cancel: whether what ran is reverted. */
  readonly revert?: boolean;
  readonly failure?: Failure;
  readonly priority?: number;
  /** Of jobs that were removed together. */
  readonly count?: number;
  /** Of a running body, 0..1. */
  readonly fraction?: number;
  readonly note?: string;
  /** Why, for people. */
  readonly reason?: string;
  readonly file?: string;
  /** The agent that noticed what happened to another one. */
  readonly observer?: string;
}

/** An event with the place at which reading goes on after it. */
export interface PlacedEventView extends EventView {
  readonly cursor: string;
}

/** One page of events, oldest first. */
export interface EventsView {
  readonly items: readonly PlacedEventView[];
  /** For the next page: of the last one there is now, also on a page without any. */
  readonly nextCursor: string;
  /** Of a job: it is over, and this page holds its end. */
  readonly ended?: boolean;
  /** Of an agent: what came after the cursor that was given is no longer there, or not all of it. */
  readonly reset?: boolean;
}

/** What a stream says when it cannot go on without a gap: load again what you show. */
export interface ResetView {
  readonly agent: string;
  readonly reason: string;
}
