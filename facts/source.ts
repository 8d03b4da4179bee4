import type { FactTable, KeyedName, KeyedValue, PlainName } from "./fact.js";

/** What a source found out about one fact. */
export type Reading<T> = { readonly known: T } | { readonly unknown: string };

export type Readings = { readonly [N in PlainName]?: Reading<FactTable[N]> };

/**
 * Where facts come from. An implementer guarantees to block the event loop for a few milliseconds
 * at most; it may throw, reject or never answer, which makes its own facts unknown and no others.
 */
export interface Source {
  readonly names: readonly PlainName[];
  /** Period, ms; without one it is read once. */
  readonly everyMs?: number;
  /** Costly: read only while somebody asks, at most once a period. */
  readonly onDemand?: boolean;
  /** Whoever asks, it is not read again so soon, ms: a look is a process. Default 0. */
  readonly restMs?: number;
  /** Then its facts are unknown, and it is not read again before it has answered; default 2,000. */
  readonly limitMs?: number;
  read(signal: AbortSignal): Readings | Promise<Readings>;
}

/** The same for a fact about whatever key somebody names. */
export interface KeyedSource<N extends KeyedName> {
  readonly name: N;
  /** How long an answer holds, ms. */
  readonly everyMs: number;
  readonly limitMs?: number;
  read(key: string, signal: AbortSignal): Promise<Reading<KeyedValue<N>>>;
}

export type KeyedSources = { readonly [N in KeyedName]: KeyedSource<N> };

/** Where sources look: the machine itself, or a place that a test made. */
export interface Place {
  readonly platform: NodeJS.Platform;
  /** What stands before `/proc` and `/sys`; empty for the machine itself. */
  readonly root: string;
  /** Directories with programs, as in PATH. */
  readonly path: string;
}

export function known<T>(value: T): Reading<T> {
  return { known: value };
}

export function unknown(why: string): { readonly unknown: string } {
  return { unknown: why };
}

/** Why something failed, for people. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
