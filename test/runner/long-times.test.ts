import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createContext } from "../../agent/runner/host/body-context.js";
import { startTimer } from "../../agent/runner/time-limit.js";
import { systemClock } from "../../cli/clock.js";

/* Node's own timers take 24.8 days; a longer delay is over at once. */

const DAY_MS = 86_400_000;

type Wait = (ms: number, signal: AbortSignal) => Promise<unknown>;

const sleeping: Wait = (ms, signal) => {
  const links = { job: "job", agent: "a", signal } as Parameters<typeof createContext>[1];
  const call = { atom: "a", args: {}, attempt: 1, again: false, idempotencyKey: "key" };
  return createContext(call, links).sleep(ms);
};

const timer: Wait = (ms, signal) =>
  new Promise<void>((resolve) => {
    const stop = startTimer(ms, resolve);
    signal.addEventListener("abort", stop, { once: true });
  });

const clock: Wait = (ms, signal) => systemClock.sleep(ms, signal);

describe.each<[string, Wait]>([
  ["ctx.sleep", sleeping],
  ["the time limit of a body", timer],
  ["the agent's clock", clock],
])("%s", (_what, wait) => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("takes the whole of 60 days, and not a moment less", async () => {
    let over = false;
    void wait(60 * DAY_MS, new AbortController().signal).then(() => (over = true));

    await vi.advanceTimersByTimeAsync(60 * DAY_MS - 1);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(over).toBe(true);
  });

  it("leaves no timer behind when it is stopped in its second month", async () => {
    const stop = new AbortController();
    wait(60 * DAY_MS, stop.signal).catch(() => undefined);

    await vi.advanceTimersByTimeAsync(40 * DAY_MS);
    stop.abort();
    await vi.advanceTimersByTimeAsync(1);

    expect(vi.getTimerCount()).toBe(0);
  });
});
