/** A waiting job as a board keeps it: only what matching and ordering need. */
export interface Posting {
  readonly id: string;
  /** Canonical text of the job's needs; jobs with equal text cost one evaluation (D10). */
  readonly signature: string;
  /** Higher first, then age (ids are UUIDv7: the smaller is the older). */
  readonly priority: number;
  /** Claimable after so many milliseconds, by the board's clock; 0 = at once. */
  readonly delayMs: number;
}

export interface Survey {
  /** All signatures under which a job is claimable now; one may be among them that has none left. */
  readonly signatures: readonly string[];
  /** Milliseconds until the next delayed entry or lease that ends becomes claimable. */
  readonly nextInMs?: number;
  /** The board's identity; absent when it has none, as after the loss of its data (P-30). */
  readonly boardId?: string;
  /**
   * How often its server was lost and found again since the board was opened, where what was put
   * just before may be gone with it (P-31); absent while it was not.
   */
  readonly reconnects?: number;
}

/** What a sweep asks, page after page: as of when it was made, or later. */
export interface Inventory {
  /** Those of the ids that the board has an entry of, in any state. */
  exists(ids: readonly string[]): Promise<ReadonlySet<string>>;
}

/** A job that was claimable a moment ago. */
export interface Candidate {
  readonly id: string;
  readonly signature: string;
}

/** `taken`: somebody holds it, or is faster. `gone`: the board has no such entry. */
export type Claimed = "claimed" | "taken" | "gone";
/** `gone`: no entry, or an unclaimed one. `taken`: the entry carries another claimId. */
export type Renewed = "ok" | "gone" | "taken";

export interface BoardTraits {
  /** Machines that may share it: "machine" = processes of one machine, "cluster" = any. */
  readonly reach: "machine" | "cluster";
  readonly wakes: "push" | "poll";
  /** Milliseconds a claim lives without renewal. */
  readonly leaseMs: number;
}

/** The clock in which a board of one machine counts its leases. */
export interface LeaseClock {
  /** Milliseconds since some fixed moment of this era. */
  now(): number;
  /** Changes when `now` starts anew, as at a reboot: what was counted before means nothing. */
  readonly era: string;
}

export interface BoardOptions {
  /** How long a claim lives without renewal, milliseconds. */
  readonly leaseMs: number;
  /** Embedded board only; default the machine's clock that never jumps. */
  readonly clock?: LeaseClock;
  /** Told, while the board is opened, what an operator should change about its server. */
  readonly warn?: (advice: string) => void;
  /** Who opens it, for people who look at the board itself; such as an agent's name. */
  readonly holder?: string;
}

/**
 * A disposable index of what may be claimed. Persistence is the truth: entries here may be stale,
 * missing or doubled at any moment, and a claim is only a lease (docs/protocol.md, P-26 to P-32).
 *
 * An implementer guarantees: each method is one atomic act; renew, abandon and consume compare the
 * claimId and change nothing when it is not the entry's; claim, asked again with the same claimId,
 * says "claimed" again; lease time is the board's, not the caller's.
 * A caller must not assume that an entry it saw is still there. BOARD_DOWN means: it may have
 * happened.
 */
export interface JobBoard extends AsyncDisposable {
  readonly traits: BoardTraits;
  /** The board's random identity, made when absent; `stamped` when this call made it (P-30). */
  identity(): Promise<{ readonly id: string; readonly stamped: boolean }>;
  /** Creates the entry when the board knows none of that id in any state (P-2). */
  put(postings: readonly Posting[]): Promise<void>;
  /** P-42: of an entry in whatever state, held ones included; nothing when there is none. */
  reprioritise(id: string, priority: number): Promise<void>;
  survey(): Promise<Survey>;
  /** Claimable ids under these signatures: best priority, then oldest, at most `limit`. */
  candidates(signatures: readonly string[], limit: number): Promise<readonly Candidate[]>;
  claim(id: string, claimId: string): Promise<Claimed>;
  /** `claims`: job id -> claimId; the answers by job id. */
  renew(claims: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, Renewed>>;
  /** P-23: an entry that is gone is put and claimed in one act. */
  reclaim(posting: Posting, claimId: string): Promise<Claimed>;
  /** Claimable again, after `delayMs` when given. */
  abandon(id: string, claimId: string, delayMs?: number): Promise<void>;
  /** The entry is gone; also called drop. */
  consume(id: string, claimId: string): Promise<void>;
  /** Removes an entry nobody holds, whose job persistence says is over. */
  remove(ids: readonly string[]): Promise<void>;
  exists(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** For a sweep; mends the entries that an index has lost, which nobody would find otherwise. */
  inventory(): Promise<Inventory>;
  /** Claims within their lease the board says an incarnation holds: job id -> claimId (P-27, P-33). */
  held(incarnation: string): Promise<ReadonlyMap<string, string>>;
  /** Resolves when something claimable may have appeared, or the signal aborts: a hint to look. */
  changed(signal: AbortSignal): Promise<void>;
}

/** The incarnation in the name of a claim or an owner. */
export function incarnationOf(name: string): string {
  return name.slice(0, name.lastIndexOf("."));
}

/** `<incarnation>.<n>`: the name of one claim, never used twice. */
export function claimIdOf(incarnation: string, n: number): string {
  return `${incarnation}.${n}`;
}
