/** What an agent tells the others about itself. */
export interface Self {
  /** Unique in the cluster. */
  readonly name: string;
  readonly machine: string;
  readonly version: string;
  /** Where its API answers, `http://10.0.0.5:7463`; none when only its own machine reaches it. */
  readonly url?: string;
  /** Short words for people, such as `x86_64`. */
  readonly tags: readonly string[];
  /** Facts about the machine, for people; what decides is asked of the agent itself. */
  readonly facts: Readonly<Record<string, string>>;
  /** Some lines about what it does now. */
  readonly note: string;
}

/**
 * An agent as the cluster knows it. `gone`: nothing was heard of it for longer than its limit;
 * `asleep`: it said that its machine goes to sleep.
 */
export interface Member extends Partial<Omit<Self, "name" | "note">> {
  readonly name: string;
  /** Only its address is known; its name is a guess that its answers correct. */
  readonly byAddress?: true;
  readonly state: "known" | "draining" | "asleep" | "gone";
  /** Since when its machine sleeps, ms since 1970, by its own clock. */
  readonly asleepSince?: number;
  /** When it was heard of last, or later than that, as far as the registry tells; ms since 1970. */
  readonly heardAt?: number;
}

/**
 * Who belongs to the cluster. Informs people and finds agents; no decision about a job rests on it,
 * so that it may be stale, or away, at any moment.
 */
export interface Membership extends AsyncDisposable {
  /**
   * Makes this agent known and keeps it so; `self` is asked again and again what has changed.
   * `told`: somebody said in the registry that it is to take no jobs (why), or is to again.
   */
  announce(self: () => Self, told: (reason: string | undefined) => void): void;
  /** Shown as not taking jobs, with the reason, or (undefined) as taking them again. */
  drain(reason: string | undefined): void;
  /** Throws CONFLICT when its whole machine is to take no jobs, whatever it is told itself. */
  mayResume(): Promise<void>;
  /**
   * The machine goes to sleep, ms since 1970, or (undefined) has woken: shown as asleep with what
   * was known of it, until it says otherwise. Resolves once that is known; never rejects.
   */
  asleep(since: number | undefined): Promise<void>;
  /**
   * All agents, this one among them, by name; as they were known last when the registry is away.
   * Rejects with BOARD_DOWN when nobody ever told.
   */
  members(): Promise<readonly Member[]>;
  /**
   * No longer tells of an agent that is gone or asleep; whoever beats is listed again. True when
   * it was taken from where it had registered itself: elsewhere somebody may list it again. `here`
   * does no more than that. Throws CONFLICT when it is there, or is named by the settings.
   */
  forget(name: string, reach: "here" | "everywhere"): Promise<boolean>;
  /** What is wrong with it now; undefined when all is well. */
  trouble(): string | undefined;
}
