/*
 * What a runner and the guard of one of its commands say to each other.
 */

export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to the agent's own environment; null removes a variable. */
  readonly env?: Readonly<Record<string, string | null>>;
  /** Between SIGTERM and SIGKILL, ms. */
  readonly graceMs: number;
}

export type ToGuard =
  | { readonly kind: "start"; readonly line: CommandLine }
  /** Sent every BEAT_MS while the owner may work; `end`: when its lease is over, if it has one. */
  | { readonly kind: "beat"; readonly end?: LeaseEnd }
  | { readonly kind: "stop" }
  /** The grace is over. */
  | { readonly kind: "kill" };

/** When somebody else may own, ms: on the machine's monotonic clock and on the wall clock. */
export interface LeaseEnd {
  readonly monotonic: number;
  readonly wall: number;
}

export type FromGuard =
  | { readonly kind: "started"; readonly pid: number }
  | { readonly kind: "failed"; readonly message: string; readonly code?: string }
  /** The command and everything it started in its group is gone. */
  | {
      readonly kind: "ended";
      readonly code: number | null;
      readonly signal: string | null;
      /** True when the guard ended it because beats stopped. */
      readonly silent: boolean;
    };

export const BEAT_MS = 500;
/** Silence after which the owner counts as frozen: two beats may be late. */
export const SILENCE_MS = 1_500;
