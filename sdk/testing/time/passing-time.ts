import { JobrunnerError } from "../../../common/error.js";
import type { Activity } from "./activity.js";
import type { TestClock } from "./test-clock.js";

export interface Passing {
  readonly clock: TestClock;
  readonly activity: Activity;
  /** Real ms without anything happening until the clock goes on though a body is awake. */
  readonly quietMs: number;
  /** Real milliseconds without anything happening, nor anything to come, until that is an error. */
  readonly limitMs: number;
}

/** A body that polls for ever must not keep the test for ever. */
const STEPS_MAX = 100_000;

/**
 * Waits for `work`, and lets the clock go on whenever everybody waits for it. Rejects when nothing
 * happens any more: a body waits for something that does not come.
 */
export async function passTime<T>(work: Promise<T>, passing: Passing): Promise<T> {
  const { clock, activity, quietMs, limitMs } = passing;
  let over = false;
  const ended = work.finally(() => {
    over = true;
    activity.beat();
  });
  ended.catch(() => undefined); // Heard of below, or not at all when nothing happens any more.
  let steps = 0;
  while (!over) {
    if (await activity.moves()) continue;
    const awake = activity.awake.length > 0;
    if (awake && !over && !(await activity.quietFor(quietMs))) continue;
    if (over) break;
    if (!clock.advance()) {
      if (await activity.quietFor(limitMs)) throw stuck(activity.awake, limitMs);
    } else if ((steps += 1) > STEPS_MAX) throw endless();
  }
  return ended;
}

function stuck(awake: readonly string[], limitMs: number): JobrunnerError {
  const who = awake.length === 0 ? "the flow" : awake.map((name) => `"${name}"`).join(", ");
  const message = `Nothing has happened for ${limitMs} ms: ${who} waits for something that does not come.`;
  return new JobrunnerError("USAGE", message, {
    hint: "Replace the body (`bodies`), give it a time limit, or raise `limitMs`.",
  });
}

function endless(): JobrunnerError {
  const message = `The clock went on ${STEPS_MAX} times and the flow has not ended.`;
  return new JobrunnerError("USAGE", message, { hint: "Replace the body that sleeps for ever." });
}
