/** What an agent tells the others about itself. */
export interface Self {
  /** Unique in the cluster. */
  readonly name: string;
  readonly machine: string;
  readonly version: string;
  /** Where its API answers, `http://10.0.0.5:7463`. */
  readonly url: string;
  /** Short words for people, such as `x86_64`. */
  readonly tags: readonly string[];
  /** Facts about the machine, for people; what decides is asked of the agent itself. */
  readonly facts: Readonly<Record<string, string>>;
  /** A line about what it does now. */
  readonly note: string;
}

/** An agent as the cluster knows it. `gone`: nothing was heard of it for longer than its limit. */
export interface Member extends Partial<Omit<Self, "name" | "url" | "note">> {
  readonly name: string;
  readonly url: string;
  readonly state: "known" | "draining" | "gone";
}

/**
 * Who belongs to the cluster. Informs people and finds agents; no decision about a job rests on it,
 * so that it may be stale, or away, at any moment.
 */
export interface Membership extends AsyncDisposable {
  /** Makes this agent known and keeps it so; `self` is asked again and again what has changed. */
  announce(self: () => Self): void;
  /** Shown as not taking jobs, with the reason, or (undefined) as taking them again. */
  drain(reason: string | undefined): void;
  /** All agents, this one among them, by name. Rejects with BOARD_DOWN when nobody can tell. */
  members(): Promise<readonly Member[]>;
  /** What is wrong with it now; undefined when all is well. */
  trouble(): string | undefined;
}
