/** Time as the parts see it; the real clock is made in cli/ only, tests hand in their own. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Monotonic, milliseconds; comparable between processes of one boot of one machine. */
  monotonic(): number;
  /** Resolves after `ms`, or early when the signal aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
