/** The real servers that tests talk to. */
export type Kind = "redis" | "consul" | "mysql";

/** Where the tests find one, and how it got there. */
export interface Obtained {
  readonly url: string;
  /** For people: "redis-server on PATH". */
  readonly how: string;
  readonly stop: () => Promise<void>;
}

/** One way of getting a server: undefined where this way is not open here. */
export interface Way {
  readonly name: string;
  readonly get: (kind: Kind) => Promise<Obtained | undefined>;
}
