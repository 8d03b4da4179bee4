import { JobrunnerError } from "../../common/error.js";
import {
  type EndState,
  isEnded,
  type JobRequest,
  type JobState,
  type StateReason,
} from "../../common/job.js";
import type { Change, Entry } from "../../engine/journal.js";
import type { Committer } from "../../persistence/committer.js";
import type {
  Append,
  JobRow,
  MovedFlow,
  Persistence,
  Raise,
  Raised,
} from "../../persistence/persistence.js";
import { isHeldBack } from "./beginning/held-back.js";
import type { HookBook } from "../hooks/book.js";
import { nextOwner } from "./owner-name.js";

/** Who owns: the parts of an owner's name that outlive one job. */
export interface OwnerIdentity {
  readonly agent: string;
  readonly machine: string;
  readonly incarnation: string;
}

export interface OwnershipOptions {
  readonly persistence: Persistence;
  readonly committer: Committer;
  readonly identity: OwnerIdentity;
  readonly boardId: string;
  /** The row as read after the claim (P-5). */
  readonly row: JobRow;
  /** P-11, for a job never owned: the raise rides with the first append. */
  readonly lazy: boolean;
  /** Ends every wait for a commit: the claim is lost, or persistence was away for too long. */
  readonly signal: AbortSignal;
  /** A request that came with an accepted append (P-14, P-24). */
  requested(request: JobRequest): void;
  /** What is to hear of the job's end. */
  readonly hooks?: HookBook;
  /** An append is durable; its time is the database's own. */
  written?(entry: Omit<Entry, "at">): void;
}

/** What the job's row takes with an append, besides the state its changes imply. */
export interface RowChange {
  readonly state?: JobState;
  readonly reason?: StateReason;
  /** The flow in which the job goes on. */
  readonly flow?: MovedFlow;
}

/** One ownership of a job, from raise to leave: it alone writes to the job's journal. */
export interface JobOwnership {
  readonly token: number;
  readonly owner: string;
  /** The journal as the raise found it (P-8). */
  readonly entries: readonly Entry[];
  /** Resolves when durable; rejects with OWNERSHIP_LOST when refused. One at a time (P-18). */
  append(changes: readonly Change[], row?: RowChange): Promise<void>;
}

/** Why there is no ownership. */
export type Unraised = Exclude<Raised, { readonly raised: "owned" }>;

/**
 * P-7 to P-11: begins an ownership. Refused when the row is no longer as it was read: the caller
 * reads it again (P-5), with a new owner name, which each call makes.
 */
export async function beginOwnership(options: OwnershipOptions): Promise<JobOwnership | Unraised> {
  const { persistence, identity, row } = options;
  const raise: Raise = {
    job: row.id,
    seen: row.token,
    owner: nextOwner(identity.incarnation),
    agent: identity.agent,
    machine: identity.machine,
    boardId: options.boardId,
  };
  if (options.lazy) return new RaisedOwnership(options, { token: 1, entries: [], raise });
  const raised = isHeldBack(row)
    ? await persistence.raiseControlled(raise, row)
    : await plain(options, raise);
  if (raised.raised !== "owned") return raised;
  const entries = await persistence.load(row.id);
  return new RaisedOwnership(options, { token: raised.token, entries, owner: raise.owner });
}

async function plain({ persistence }: OwnershipOptions, raise: Raise): Promise<Raised> {
  const token = await persistence.raise(raise);
  return token === undefined ? { raised: "refused" } : { raised: "owned", token };
}

interface Begun {
  readonly token: number;
  readonly entries: readonly Entry[];
  readonly owner?: string;
  readonly raise?: Raise;
}

class RaisedOwnership implements JobOwnership {
  readonly token: number;
  readonly owner: string;
  readonly entries: readonly Entry[];
  readonly #options: OwnershipOptions;
  #raise: Raise | undefined;
  #seq: number;

  constructor(options: OwnershipOptions, begun: Begun) {
    this.#options = options;
    this.token = begun.token;
    this.entries = begun.entries;
    this.#raise = begun.raise;
    this.owner = begun.owner ?? begun.raise?.owner ?? "";
    this.#seq = (begun.entries.at(-1)?.seq ?? 0) + 1;
  }

  async append(changes: readonly Change[], change: RowChange = {}): Promise<void> {
    const { committer, row, signal, requested, written, hooks: book } = this.#options;
    const state = change.state ?? jobStateAfter(changes);
    const { reason, flow } = change;
    const hooks = state && book?.callsOf(this.owner, row.needs.flow, state);
    const append: Append = {
      job: row.id,
      seq: this.#seq,
      token: this.token,
      owner: this.owner,
      changes,
      repeated: false,
      ...(state === undefined ? {} : { state }),
      ...(reason === undefined ? {} : { reason }),
      ...(flow === undefined ? {} : { flow }),
      ...(hooks === undefined || hooks.length === 0 ? {} : { hooks }),
      ...(this.#raise === undefined ? {} : { raise: this.#raise }),
    };
    const verdict = await committer.append(append, signal);
    if (!verdict.accepted) {
      throw new JobrunnerError("OWNERSHIP_LOST", `job ${row.id} has another owner now`);
    }
    this.#raise = undefined;
    written?.({ seq: this.#seq, token: this.token, changes });
    this.#seq += 1;
    if (append.hooks !== undefined) book?.wake();
    if (verdict.request !== undefined) requested(verdict.request);
  }
}

/** The state of the job row that belongs to the last flow state among `changes`. */
export function jobStateAfter(changes: readonly Change[]): JobState | undefined {
  const last = changes.findLast((change) => change.change === "flow");
  if (last?.change !== "flow" || last.to === "PENDING") return undefined;
  return last.to;
}

/** How the journal says that the flow ended, if it does. */
export function endOf({ entries }: JobOwnership): EndState | undefined {
  const state = jobStateAfter(entries.flatMap((entry) => entry.changes));
  return state !== undefined && isEnded(state) ? state : undefined;
}
