import pino from "pino";
import { expect, it } from "vitest";
import { Outage } from "../../../agent/owner/outage.js";
import { FakeClock } from "../../support/fake-clock.js";
import { leftAt } from "../../support/left-at.js";

const PATIENCE_MS = 60_000;

function outage() {
  const clock = new FakeClock();
  const stop = new AbortController();
  let tooLong = 0;
  const one = new Outage({
    ...{ clock, log: pino({ level: "silent" }), patienceMs: PATIENCE_MS, stopping: stop.signal },
  });
  const begin = (): void => one.begin(new Error("gone"), () => (tooLong += 1));
  return { clock, stop, one, begin, tooLong: () => tooLong };
}

it("P-35: says once that an outage lasts longer than claims are kept", async () => {
  const { clock, begin, tooLong } = outage();
  begin();

  await clock.advance(PATIENCE_MS - 1);
  expect(tooLong()).toBe(0);
  await clock.advance(10 * PATIENCE_MS);
  expect(tooLong()).toBe(1);
});

it("P-35: says nothing of one that ends in time, and counts the next one from its start", async () => {
  const { clock, one, begin, tooLong } = outage();
  begin();
  await clock.advance(PATIENCE_MS - 1);
  one.end();
  begin();

  await clock.advance(PATIENCE_MS - 1);
  expect(tooLong()).toBe(0);
  await clock.advance(1);
  expect(tooLong()).toBe(1);
});

it("P-35: says nothing once the agent stops", async () => {
  const { clock, stop, begin, tooLong } = outage();
  begin();
  stop.abort();

  await clock.advance(PATIENCE_MS);

  expect(tooLong()).toBe(0);
});

it("leaves nothing of an outage at the agent's own signal", () => {
  const { stop, one, begin } = outage();
  for (let n = 0; n < 3; n += 1) {
    begin();
    one.end();
  }

  expect(leftAt(stop.signal)).toBe(0);
});
