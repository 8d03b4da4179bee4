/** What holds a job back, as it was posted. */
export interface Controls {
  /** P-43: no other job with it is posted while this one is not over. */
  readonly uniqueKey?: string;
  /** P-44: no owner starts it after that, database time, ms since 1970. */
  readonly startBy?: number;
}

/** `refused`: as P-7 refuses any job. `expired`: nobody had started it in time (P-44). */
export type Raised =
  { readonly raised: "owned"; readonly token: number } | { readonly raised: "refused" | "expired" };
