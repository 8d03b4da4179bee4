import { expect, it } from "vitest";
import { Duty } from "../../agent/duty/duty.js";
import { FakeClock } from "../support/fake-clock.js";

const DRAIN_MS = 60_000;

function open() {
  const clock = new FakeClock();
  return {
    clock,
    duty: new Duty(
      clock,
      () => DRAIN_MS,
      () => undefined,
    ),
  };
}

it("a drain that is taken back leaves tasks the time that they were given", async () => {
  const { clock, duty } = open();
  const { leaving, grace } = duty;
  duty.drain();
  await clock.advance(5_000);

  duty.resume();

  expect([leaving.aborted, grace.aborted]).toEqual([true, false]);
  expect([duty.leaving.aborted, duty.grace.aborted]).toEqual([false, false]);
  await clock.advance(DRAIN_MS - 1);
  expect(grace.aborted).toBe(false);
  await clock.advance(1);
  expect([grace.aborted, duty.grace.aborted]).toEqual([true, false]);
});

it("a sleep that did not happen stops no task that would have been too slow for it", async () => {
  const { clock, duty } = open();
  const { grace } = duty;
  duty.sleep(2_500);
  await clock.advance(1_000);

  duty.wake();
  await clock.advance(20_000);

  expect(grace.aborted).toBe(false);
});

it("tasks of an earlier drain are hurried with those of the present one", async () => {
  const { clock, duty } = open();
  const { grace: earlier } = duty;
  duty.drain();
  duty.resume();
  const { grace } = duty;
  duty.drain();

  duty.hurry();

  expect([earlier.aborted, grace.aborted]).toEqual([true, true]);
  await clock.advance(2 * DRAIN_MS);
});

it("tasks that are drained get no longer than their machine takes to sleep", async () => {
  const { clock, duty } = open();
  const { grace } = duty;
  duty.drain();
  duty.sleep(2_500);

  await clock.advance(2_500);

  expect(grace.aborted).toBe(true);
});

it("a drain while the machine goes to sleep gives no more time than the sleep does", async () => {
  const { clock, duty } = open();
  const { grace } = duty;
  duty.sleep(2_500);
  duty.drain();

  await clock.advance(2_500);

  expect(grace.aborted).toBe(true);
});

it("tasks of a drain that was taken back get no longer than their machine takes to sleep", async () => {
  const { clock, duty } = open();
  const { grace } = duty;
  duty.drain();
  duty.resume();
  duty.sleep(2_500);

  await clock.advance(2_500);

  expect(grace.aborted).toBe(true);
});
