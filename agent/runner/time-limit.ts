/** After a body's time limit, until its runner is killed because the body goes on, ms. */
export const LIMIT_GRACE_MS = 2_000;

/** The failure of a body that took longer than it may. */
export function timedOut(atom: string, limitMs: number): Error {
  const error = new Error(`"${atom}" took longer than its limit of ${limitMs} ms.`);
  error.name = "TimeoutError";
  return Object.assign(error, { code: "TIME_LIMIT" });
}

/** Longest delay setTimeout takes, ms (25 days); a longer one would be over at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** Calls `done` after `ms`, however many these are; the answer stops it. */
export function startTimer(ms: number, done: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    timer = setTimeout(
      () => (left > TIMER_MAX_MS ? wait(left - TIMER_MAX_MS) : done()),
      Math.min(left, TIMER_MAX_MS),
    );
  };
  wait(ms);
  return () => clearTimeout(timer);
}
