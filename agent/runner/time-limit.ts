/** After a body's time limit, until its runner is killed because the body goes on, ms. */
export const LIMIT_GRACE_MS = 2_000;

/** The failure of a body that took longer than it may. */
export function timedOut(atom: string, limitMs: number): Error {
  const error = new Error(`"${atom}" took longer than its limit of ${limitMs} ms.`);
  error.name = "TimeoutError";
  return Object.assign(error, { code: "TIME_LIMIT" });
}
