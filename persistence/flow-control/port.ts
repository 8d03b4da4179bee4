/** What holds a job back, as it was posted. */
export interface Controls {
  /** P-43: no other job with it is posted while this one is not over. */
  readonly uniqueKey?: string;
}
