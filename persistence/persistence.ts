import type { JobRequest, JobState, Needs, StateReason, StartableState } from "../common/job.js";
import type { Store } from "../common/json.js";
import type { FlowSpec } from "../engine/flow.js";
import type { Change, Entry } from "../engine/journal.js";
import type { Controls, ControlsPort, Raised } from "./flow-control/port.js";
import type { HookCall, HookStore } from "./hooks/port.js";
import type { LogStore } from "./logs/port.js";
import type { Migrated } from "./migrations/port.js";
import type { NewJob, Posted } from "./posting/port.js";
import type { ScheduleStore } from "./schedules/port.js";
import type { TurnsPort } from "./turns/port.js";
import type { Asked, Asker, Purged, VerbsPort } from "./verbs/port.js";

export type { Concurrency, Controls, Raised, Slots } from "./flow-control/port.js";
export type { HookCall, HookStore, TakenCall } from "./hooks/port.js";
export type { Kept, NewJob, Posted } from "./posting/port.js";
export type { Asked, Asker, Deprived, Purged, Retries } from "./verbs/port.js";
export type {
  Due,
  NewSchedule,
  ScheduleRow,
  ScheduleStore,
  ScheduleSummary,
  Skipped,
} from "./schedules/port.js";
export type { LogChunk, LogPage, LogRange, LogSize, LogStore, StoredChunk } from "./logs/port.js";

export interface JobRow extends Omit<NewJob, "key" | "required" | "retry"> {
  readonly state: JobState;
  /** Number of the last ownership; 0 = never owned, so its journal is empty. */
  readonly token: number;
  readonly owner?: string;
  readonly request?: JobRequest;
  readonly reason?: StateReason;
  readonly postedAt: number;
  readonly endedAt?: number;
  /** Ownerships up to this token do not count for P-25: somebody resumed the job since. */
  readonly resumedAtToken?: number;
}

/** How an ownership may end; an owner that died says nothing. */
export const OWNERSHIP_ENDS = [
  /** The flow ended. */
  "outcome",
  "handover",
  /** The job cannot go on (P-25, or its flow has changed). */
  "parked",
  /** Somebody asked for it. */
  "suspended",
  /** The job's runner died; it may have died of another job. */
  "runner-died",
  "runner-died-alone",
  /** Another owner, or none that could be: the claim was lost. */
  "lost",
  /** The job could not go on here for a reason that is not its own. */
  "given-back",
  /** The owner met an error that it did not expect, which may be the job's doing. */
  "failed",
  /** Somebody took the job from it (P-40). */
  "released",
  /** It was none: whoever posted the job wrote what it keeps of an earlier one (P-39). */
  "kept",
] as const;

export type OwnershipEnd = (typeof OWNERSHIP_ENDS)[number];

/** One ownership of a job, from its raise on. */
export interface Ownership {
  readonly job: string;
  readonly token: number;
  readonly owner: string;
  readonly agent: string;
  readonly machine: string;
  readonly at: number;
  /** The seq the next entry had when it began. */
  readonly firstSeq: number;
  /** How it ended, as far as somebody could say. */
  readonly ended?: OwnershipEnd;
  readonly endedAt?: number;
}

/** Who raises: the name of one ownership, made before the raise, never used twice (P-7). */
export interface Raise {
  readonly job: string;
  /** The token read in P-5. */
  readonly seen: number;
  readonly owner: string;
  readonly agent: string;
  readonly machine: string;
  /** The board the claim is on (P-30). */
  readonly boardId: string;
}

/** The flow in which a job goes on from now on: all of it changes at once. */
export interface MovedFlow {
  readonly needs: Needs;
  readonly spec: FlowSpec;
  readonly flowHash: string;
  readonly params: Store;
}

export interface Append {
  readonly job: string;
  readonly seq: number;
  readonly token: number;
  readonly owner: string;
  readonly changes: readonly Change[];
  /** The state the job row takes with it: REVERTING, SUSPENDED, an end, or as it was. */
  readonly state?: JobState;
  readonly reason?: StateReason;
  /** Written to the job row with the entry that says `migrated`, and only when it is accepted. */
  readonly flow?: MovedFlow;
  /** Hooks that are to hear of `state`: written with it, if the job enters it. */
  readonly hooks?: readonly HookCall[];
  /** P-11: raise 0 -> 1 in the same transaction, before the entry. */
  readonly raise?: Raise;
  /** Sent before and never answered (P-19): an entry that is already there counts as accepted. */
  readonly repeated: boolean;
}

/** P-14. Refused: this ownership is over; its neighbours in the batch are not concerned. */
export type Verdict =
  { readonly accepted: true; readonly request?: JobRequest } | { readonly accepted: false };

/** Jobs that fit all of these; traits say whether a persistence can filter by an optional one. */
export interface JobFilter {
  readonly states?: readonly JobState[];
  readonly flow?: string;
  /** Optional: name of the agent that owns or owned it last. */
  readonly agent?: string;
  readonly since?: number;
  /** Optional: all of these words are among those of the name and the flow. */
  readonly text?: string;
}

/** What a persistence can do that not every one must. */
export interface PersistenceTraits {
  /** The optional filters it knows. */
  readonly filters: readonly ("agent" | "text")[];
}

/** A job without its large parts; `agent` is the name of its last owner. */
export type JobSummary = Omit<JobRow, "spec" | "params"> & { readonly agent?: string };

export interface JobPage {
  /** Newest first. */
  readonly jobs: readonly JobSummary[];
  readonly next?: string;
}

export type OpenState = StartableState | "SUSPENDED";

/** What the sweep needs to put a job back on its board (P-31). */
export interface OpenJob {
  readonly id: string;
  readonly needs: Needs;
  readonly priority: number;
  /** Milliseconds until it is due, by the database's clock; 0 when it is. */
  readonly dueInMs: number;
  readonly owned: boolean;
  /** Nobody has started it in time (P-44). */
  readonly expired?: true;
  /** It waits for a slot of that key (P-45). */
  readonly slotKey?: string;
}

/** P-36: a database clock that is farther from where it must be is not believed, ms. */
export const JUMP_MS_MAX = 24 * 3_600_000;

/** How much history is kept; the oldest jobs that are over go first. */
export interface Retention {
  /** Since their end, ms. */
  readonly ageMs: number;
  readonly jobs: number;
  /** Flows, parameters, journals and logs together, without indices. */
  readonly bytes: number;
}

/**
 * The truth about all jobs. Rules by number: docs/protocol.md.
 *
 * An implementer guarantees: every promise resolves after its commit is durable; a call that
 * rejects with PERSISTENCE_DOWN may or may not have happened; times are the database's.
 * A caller must not assume that two calls see the same moment.
 */
export interface Persistence
  extends ControlsPort, LogStore, Migrated, TurnsPort, VerbsPort, AsyncDisposable {
  readonly traits: PersistenceTraits;
  readonly schedules: ScheduleStore;
  readonly hooks: HookStore;

  /** Brings the schema up to date, forward only. */
  migrate(): Promise<void>;
  /** Database time, ms since 1970. */
  now(): Promise<number>;
  /** Resolves when jobs could be written now, by this jobrunner; PERSISTENCE_DOWN says why not. */
  check(): Promise<void>;

  post(job: NewJob): Promise<Posted>;
  /** What `post` would answer for this key alone; undefined when it was never used. */
  postedBefore(key: NonNullable<NewJob["key"]>): Promise<Posted | undefined>;
  job(id: string): Promise<JobRow | undefined>;
  /** Ids that begin or end with `part`, at most `limit`. */
  matchIds(part: string, limit: number): Promise<readonly string[]>;
  jobs(filter: JobFilter, limit: number, cursor?: string): Promise<JobPage>;
  ownerships(id: string): Promise<readonly Ownership[]>;
  /** How many jobs are not over, by state. */
  counts(): Promise<Readonly<Record<OpenState, number>>>;

  /** P-7: the new token, or undefined when not exactly as seen, not startable or not due. */
  raise(raise: Raise): Promise<number | undefined>;
  /** The same for a job that something holds back at its start (P-44, P-45). */
  raiseControlled(raise: Raise, controls: Controls): Promise<Raised>;
  /** P-8: all entries (after `seq`), in order of seq, with the names that atoms have now. */
  load(id: string, seq?: number): Promise<readonly Entry[]>;
  /** P-14, P-17: one transaction; the answers in the order of the appends. */
  append(appends: readonly Append[]): Promise<readonly Verdict[]>;
  /** Notes how an ownership ended; never an error when it is unknown or noted already. */
  endOwnership(job: string, token: number, ended: OwnershipEnd): Promise<void>;

  /**
   * P-24. A job without any entry ends CANCELLED at once, whoever may be about to own it, and so
   * does a SUSPENDED one of which nothing ran, or is to be reverted. Any other is asked to revert
   * (or not); a SUSPENDED one becomes startable for that. Deaths count anew from here (P-25).
   * `reason` is kept with the job until it is parked or ends in SUCCESS; one that was given before
   * stays without it.
   */
  cancel(id: string, by: Asker, revert: boolean, reason?: string): Promise<Asked>;
  /** P-24. A job that nobody owns is SUSPENDED at once, of which `hooks` hear; others are asked. */
  suspend(id: string, hooks?: readonly HookCall[]): Promise<Asked>;
  /**
   * P-24. SUSPENDED becomes WAITING and is to be put on the board, a cancel it was parked with is
   * tried again; a suspend not yet obeyed is withdrawn.
   */
  resume(id: string): Promise<Asked>;
  /** Requests of held jobs, in one read (P-24): job id -> request. */
  requests(ids: readonly string[]): Promise<ReadonlyMap<string, JobRequest>>;
  /** Startable jobs in order of id, after `cursor`, for the sweep (P-31). */
  open(limit: number, cursor?: string): Promise<readonly OpenJob[]>;
  /** Those of `ids` that are still startable: the sweep's second look. */
  startable(ids: readonly string[]): Promise<ReadonlySet<string>>;

  /**
   * Removes jobs that are over, a bounded number in small transactions, until the limits hold.
   * Their keys say "removed" for a day (P-3). Never touches a job that is open.
   */
  purge(limits: Retention): Promise<Purged>;
  /** P-36: database time of the last purge within a few hours; undefined before the first. */
  purgedAt(): Promise<number | undefined>;

  /** P-30: the board in use, undefined before the first. */
  boardId(): Promise<string | undefined>;
  /** Sets it when it still is `seen`; tells whether it did. */
  setBoardId(seen: string | undefined, id: string): Promise<boolean>;
}

/** Largest JSON text of one result, bytes. */
export const RESULT_BYTES_MAX = 4 * 1024 * 1024;
