import type { Failure } from "./failure.js";
import type { JobRequest, JobState, StateReason } from "./job.js";
import type { Json, Store } from "./json.js";
import type {
  ControlsRequest,
  ControlsView,
  HolderView,
  WaitsForView,
} from "./wire/flow-control.js";
import type { SnapshotView } from "./wire/facts.js";
import type { RetriesView } from "./wire/verbs.js";

/*
 * The JSON of the HTTP API. camelCase, times in RFC 3339, one shape for the agent that answers and
 * the command line that asks.
 */

/** RFC 9457, `application/problem+json`. */
export interface Problem {
  /** `urn:jobrunner:problem:<code in kebab case>` */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly hint?: string;
  readonly instance?: string;
  /** With KEY_HELD. */
  readonly holder?: HolderView;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

export interface PostRequest extends ControlsRequest {
  readonly flow: string;
  readonly params?: Store;
  readonly name?: string;
  readonly priority?: number;
  /** RFC 3339. */
  readonly runAt?: string;
  /** The same as a duration from now, by the database's clock. */
  readonly delay?: string;
  /** Further clauses, `name` or `name(args)`. */
  readonly require?: readonly string[];
}

export interface FlowView {
  readonly name: string;
  readonly version: number;
  readonly summary: string;
  readonly schema: Readonly<Record<string, Json>>;
  readonly file: string;
}

export interface FlowsView {
  readonly items: readonly FlowView[];
  readonly problems: readonly {
    readonly file: string;
    readonly line?: number;
    readonly column?: number;
    readonly message: string;
  }[];
}

/** One line of a job list. */
export interface JobView extends ControlsView {
  readonly id: string;
  readonly flow: string;
  readonly version: number;
  readonly name: string;
  readonly state: JobState | "SCHEDULED";
  readonly priority: number;
  /** Agent that owns it, or owned it last. */
  readonly agent?: string;
  readonly request?: JobRequest;
  readonly reason?: StateReason;
  readonly postedAt: string;
  readonly postedVia: string;
  readonly traceparent?: string;
  readonly runAt?: string;
  readonly endedAt?: string;
}

/** What somebody may ask of a job. */
export type JobVerb = "cancel" | "suspend" | "resume";

/** Body of POST /v1/jobs/:id/cancel; those of suspend and resume are empty. */
export interface CancelRequest {
  /** Default true: what ran is reverted. */
  readonly revert?: boolean;
  /** Why, for people: told with the job. */
  readonly reason?: string;
}

/** What a posting answers for a key whose job retention has removed: it is never posted again. */
export interface RemovedJobView {
  readonly id: string;
  readonly removed: string;
}

export interface JobsView {
  readonly items: readonly JobView[];
  readonly nextCursor?: string;
}

/** One start of an atom's body. */
export interface AttemptView {
  readonly state: string;
  readonly agent: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly failure?: Failure;
}

/** What a running body says of itself; told only by the agent that runs it. */
export interface ProgressView {
  /** 0..1. */
  readonly fraction: number;
  readonly note?: string;
  readonly at: string;
}

/** A node of the job's tree: a flow with children, or an atom with its attempts. */
export interface NodeView {
  readonly kind: "flow" | "task" | "retry";
  readonly name: string;
  readonly pattern?: "linear" | "unordered" | "graph";
  /** Retries: what they do, such as `times(10)`. */
  readonly detail?: string;
  readonly state?: string;
  readonly attempts?: readonly AttemptView[];
  readonly result?: Json;
  /** The job of which this one is a retry had done it. */
  readonly kept?: boolean;
  readonly progress?: ProgressView;
  readonly children?: readonly NodeView[];
  /** Graphs: what must have ended before what, by data or by hand. */
  readonly links?: readonly LinkView[];
}

/** A link of a graph flow, between two of its `children` by their places, from 0. */
export interface LinkView {
  readonly from: number;
  readonly to: number;
  /** Name of the decider that is asked whether to go on. */
  readonly decider?: string;
}

export interface OwnerView {
  readonly token: number;
  readonly agent: string;
  readonly machine: string;
  readonly since: string;
  readonly until?: string;
  /** How it ended; `silent`: the board has no claim of this owner any more, and nobody took over. */
  readonly ended?: string;
}

/** One job, whole. */
export interface JobDetailView extends JobView, RetriesView {
  readonly params: Store;
  readonly needs: readonly string[];
  readonly owners: readonly OwnerView[];
  readonly waitsFor?: WaitsForView;
  readonly tree: NodeView;
  /** The failures that made the flow revert, or that could not be reverted. */
  readonly failures: readonly { readonly atom: string; readonly failure: Failure }[];
  /** Results by symbol, once the flow ended in SUCCESS. */
  readonly outputs?: Store;
}

/** Answer of a dry run. */
export interface CheckView {
  readonly flow: string;
  readonly version: number;
  readonly params: Store;
  readonly needs: readonly string[];
  readonly tree: NodeView;
  /** Parameters whose values are shown to nobody. */
  readonly secrets?: readonly string[];
}

/** One thing a job asks of an agent, and whether it is so there. */
export interface RequirementView {
  /** A clause, such as `memory_free(2GB)`, or in words: `free slot`. */
  readonly what: string;
  readonly verdict: "yes" | "no" | "unknown";
  /** What is there; of an unknown one, why nobody can tell. */
  readonly observed?: string;
  /** What would do. */
  readonly needed?: string;
  /** What somebody could do about it. */
  readonly help?: string;
}

/** Whether one agent could take a job now: every requirement, whatever the others say. */
export interface AgentWhyView {
  readonly agent: string;
  readonly able: boolean;
  readonly requirements: readonly RequirementView[];
  /** Of one that does not answer. */
  readonly last?: LastKnownView;
}

/** What the registry knows of an agent that does not answer. */
export interface LastKnownView {
  /** Short words about it, with what its owner calls it. */
  readonly tags?: readonly string[];
  readonly facts: Readonly<Record<string, string>>;
  /** When it was heard of last, by its own clock. */
  readonly heardAt?: string;
  /** Of one that is asleep, by its own clock. */
  readonly asleepSince?: string;
}

/** What keeps every agent from a job, however able. */
export interface ObstacleView {
  readonly why: string;
  readonly help?: string;
}

/** Why a job runs, or does not. */
export interface WhyView {
  readonly job: JobView;
  /** Agent that works on it now, or did when it was heard of last. */
  readonly owner?: string;
  /** How long the owner's claim lives without a sign of life, ms. */
  readonly leaseMs?: number;
  /** Why nobody works on it although it has an owner. */
  readonly trouble?: string;
  readonly needs: readonly string[];
  /** It is over, somebody works on it, or some agent may take it now. */
  readonly possible: boolean;
  readonly obstacles: readonly ObstacleView[];
  /** Those that were asked; none for a job that is over, or whose owner works on it. */
  readonly agents: readonly AgentWhyView[];
  /** When none of them is able: that of those that answered which lacks the fewest things. */
  readonly closest?: ClosestView;
  /** Why the others were not asked. */
  readonly note?: string;
}

export interface ClosestView {
  readonly agent: string;
  /** How many of its requirements are not met. */
  readonly short: number;
}

/** What an agent does about jobs. */
export type DutyState = "ready" | "cordoned" | "draining" | "asleep";
export type AgentState = DutyState | "paused" | "unreachable" | "gone";

/** One agent of the cluster. */
export interface AgentView {
  readonly name: string;
  /**
   * `paused`: its owner's `onlyWhen` does not hold. `unreachable`: known, and silent when asked
   * just now. `asleep`: it said so, and was not heard of since. `gone`: not heard of for longer.
   */
  readonly state: AgentState;
  /** Where its API answers; none when only its own machine reaches it. */
  readonly url?: string;
  readonly machine?: string;
  readonly version?: string;
  readonly tags: readonly string[];
  /** For people. */
  readonly facts: Readonly<Record<string, string>>;
  /** For programs; of one that answers and was asked for by its name. */
  readonly snapshot?: SnapshotView;
  readonly slots?: { readonly total: number; readonly busy: number };
  /** Ids of the jobs that run there. */
  readonly jobs?: readonly string[];
  /** Why it is in this state, when there is more to say. */
  readonly note?: string;
  /** Of one that does not answer: when it was heard of last. */
  readonly heardAt?: string;
  /** Of one that is asleep, by its own clock. */
  readonly asleepSince?: string;
}

export interface AgentsView {
  readonly items: readonly AgentView[];
}

export interface HealthView {
  readonly ok: boolean;
  readonly agent: string;
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly detail: string;
  }[];
}
