import { setTimeout as sleep } from "node:timers/promises";
import { eitherSignal } from "../../common/signals/either.js";
import type { Answer } from "../client.js";
import type { Blocking } from "../kv.js";
import type { Returns } from "./returns.js";

/**
 * Consul answers after so long although nothing has changed, milliseconds; a tenth is random. Each
 * time it wakes an idle machine on its own, and shows no more than that the line is there: agents
 * look at their board once a minute anyway.
 */
const WAIT_MS = 180_000;
/** Consul adds up to a sixteenth to the wait, and the answer takes its time. */
const GRACE_MS = WAIT_MS / 16 + 5_000;
/** Pause after a failed request, doubled up to the second, milliseconds. */
const PAUSE_MS = [100, 3_000] as const;

/** What `ask` must pass on to Consul. */
export interface Ask extends Required<Pick<Blocking, "waitMs">> {
  /** Absent with the first request, and with the first after a failure. */
  readonly index?: number;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export interface Following<T> {
  /** One blocking query. */
  ask(how: Ask): Promise<Answer<T>>;
  /** Called with the first answer, and with each that differs from the one before. */
  seen(answer: Answer<T>): Promise<void> | void;
  /** At least so long lies between two requests, milliseconds: what comes in a crowd is one. */
  readonly spacingMs: number;
  readonly signal: AbortSignal;
  /** Tells when to ask anew, as the query may hang. */
  readonly returns: Returns;
}

/**
 * Follows what a blocking query reads until the signal aborts; never rejects. Only the latest state
 * is seen, not each one. When Consul fails, it goes on once Consul answers again.
 */
export async function follow<T>(following: Following<T>): Promise<void> {
  const { seen, spacingMs, signal } = following;
  let last: number | undefined;
  let failures = 0;
  while (!signal.aborted) {
    const waitMs = WAIT_MS * (1 - Math.random() / 10);
    // After a failure the first answer is not waited for: where Consul's history has begun anew
    // meanwhile, an index of the old one is waited for in vain.
    const since = last === undefined || failures > 0 ? {} : { index: last };
    try {
      const answer = await askOnce(following, { ...since, waitMs });
      // 0 would not wait at all.
      const index = Math.max(1, answer.index);
      if (index !== last) await seen(answer);
      // Only now: what could not be dealt with is seen again.
      last = index;
      failures = 0;
      await pause(spacingMs, signal);
    } catch {
      // Whatever it is, these requests are how one notices that it is over.
      failures += 1;
      const [first, most] = PAUSE_MS;
      await pause(Math.min(most, first * 2 ** failures) * (0.5 + Math.random() / 2), signal);
    }
  }
}

async function askOnce<T>(
  { ask, signal, returns }: Following<T>,
  how: Pick<Ask, "index" | "waitMs">,
): Promise<Answer<T>> {
  const over = new AbortController();
  const deafen = returns.listen(() => over.abort());
  // Without an index Consul answers at once.
  const timeoutMs = how.index === undefined ? GRACE_MS : WAIT_MS + GRACE_MS;
  try {
    return await ask({ ...how, signal: eitherSignal(signal, over.signal), timeoutMs });
  } finally {
    deafen();
    over.abort();
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined); // Told to stop.
}
