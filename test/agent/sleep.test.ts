import pino from "pino";
import { expect, it, onTestFinished } from "vitest";
import { Duty } from "../../agent/duty/duty.js";
import { Sleep } from "../../agent/duty/sleep.js";
import { TICK_MS } from "../../common/time/tick.js";
import type { PowerWatcher } from "../../power/power.js";
import { FakeClock } from "../support/fake-clock.js";

/* The order of things when a machine sleeps; its system and the clocks are steered by hand. */

it("lets the machine sleep once nothing runs and the others know, and takes jobs on waking", async () => {
  const { clock, power, duty, end, log } = setUp();

  const asleep = power.sleeps();
  const state = duty.state;
  end();
  await asleep;
  power.wakes();

  expect([state, duty.state]).toEqual(["asleep", "ready"]);
  expect(duty.leaving.aborted).toBe(false);
  expect(log).toEqual([`asleep since ${String(clock.now())}`, "awake", "woken"]);
});

it("lets it sleep in time when tasks or the registry take too long, and gives the claims up", async () => {
  const { clock, power, duty, log } = setUp({ silent: true });
  let slept = false;

  void power.sleeps().then(() => (slept = true));
  await clock.advance(2_400);
  const before = [duty.grace.aborted, slept];
  await clock.advance(1_200);

  expect(before).toEqual([false, false]);
  expect([duty.grace.aborted, slept]).toEqual([true, true]);
  expect(log).toContain("all claims given up: the machine goes to sleep");
});

it("gives no claim up that was taken after a sleep that did not happen", async () => {
  const { clock, power, duty, log } = setUp();

  void power.sleeps();
  await clock.advance(1_000);
  power.wakes();
  await clock.advance(10_000);

  expect(duty.state).toBe("ready");
  expect(log.filter((line) => line.startsWith("all claims"))).toEqual([]);
});

it("notices by the clocks that the machine slept without a word", async () => {
  const { clock, log } = setUp();

  clock.jumpWall(9_000);
  await clock.advance(TICK_MS);
  const before = [...log];
  clock.jumpWall(11_000);
  await clock.advance(TICK_MS);

  expect(before).toEqual([]);
  expect(log).toEqual(["awake", "woken"]);
});

it("notices it where the monotonic clock goes on in sleep, by a look that is late", async () => {
  const { clock, log } = setUp();

  clock.oversleep(9_000);
  await clock.advance(TICK_MS);
  const before = [...log];
  clock.oversleep(11_000 + TICK_MS);
  await clock.advance(TICK_MS);

  expect(before).toEqual([]);
  expect(log).toEqual(["awake", "woken"]);
});

it("takes jobs again when nobody tells that the sleep is over", async () => {
  const { clock, power, duty, end } = setUp();

  const asleep = power.sleeps();
  end();
  await asleep;
  await clock.advance(28_000);
  const before = duty.state;
  await clock.advance(2_000 + TICK_MS);

  expect([before, duty.state]).toEqual(["asleep", "ready"]);
});

it("leaves a drained machine drained, whatever was said while it slept", async () => {
  const { power, duty, end } = setUp();
  end();

  duty.drain();
  await power.sleeps();
  power.wakes();
  const drained = [duty.state, duty.leaving.aborted];
  await power.sleeps();
  duty.resume();
  const resumed = duty.state;
  power.wakes();

  expect(drained).toEqual(["draining", true]);
  expect([resumed, duty.state, duty.leaving.aborted]).toEqual(["asleep", "ready", false]);
});

function setUp({ silent = false } = {}) {
  const clock = new FakeClock();
  const duty = new Duty(
    clock,
    () => 60_000,
    () => undefined,
  );
  const log: string[] = [];
  let power: PowerWatcher | undefined;
  let end = (): void => undefined;
  const idle = new Promise<void>((resolve) => {
    end = resolve;
  });
  const sleep = new Sleep({
    ...{ clock, duty, log: pino({ level: "silent" }) },
    power: {
      watch: (watcher) => void (power = watcher),
      busy: () => undefined,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    conductor: { idle: () => idle },
    claims: { loseAll: (why) => void log.push(`all claims given up: ${why}`) },
    membership: {
      asleep(since) {
        log.push(since === undefined ? "awake" : `asleep since ${String(since)}`);
        return silent ? new Promise(() => undefined) : Promise.resolve();
      },
    },
    woken: () => void log.push("woken"),
  });
  sleep.start();
  onTestFinished(() => sleep.stop());
  if (power === undefined) throw new Error("nobody watches");
  return { clock, duty, log, power, end };
}
