import pino from "pino";
import { expect, it } from "vitest";
import type { Tell, Told } from "../../agent/events/telling/told.js";
import { RetentionSweep } from "../../agent/retention.js";
import { appended, appendOf, ENDED, owned, posted } from "../contracts/samples.js";
import { openSteered, SteeredTime } from "../contracts/sqlite.js";
import { FakeClock } from "../support/fake-clock.js";

const DAY_MS = 86_400_000;

it("P-36: removes nothing when the database's clock has jumped, and believes it later", async () => {
  const { persistence, advance } = await openSteered({ time: new SteeredTime() });
  const owner = await owned(persistence, (await posted(persistence)).id);
  await appended(persistence, appendOf(owner, 1, { changes: ENDED, state: "SUCCESS" }));
  const clock = new FakeClock();
  const limits = { ageMs: 30 * DAY_MS, jobs: 1_000, bytes: 1e9 };
  const log = pino({ level: "silent" });
  const told: Told[] = [];
  const tell: Tell = (event) => void told.push(event);
  const sweep = new RetentionSweep({ persistence, limits, clock, log, tell, random: () => 0 });
  expect(await sweep.purge()).toBe(0);

  advance(40 * DAY_MS);
  expect(await sweep.purge()).toBe(0);

  expect(told).toEqual([]);
  expect(await sweep.purge()).toBe(1);
  expect(told).toEqual([{ type: "jobs.removed", count: 1 }]);
});

it("P-36: does not believe the clock at its first purge when it is far from the last of another", async () => {
  const { persistence, advance } = await openSteered({ time: new SteeredTime() });
  const owner = await owned(persistence, (await posted(persistence)).id);
  await appended(persistence, appendOf(owner, 1, { changes: ENDED, state: "SUCCESS" }));
  const limits = { ageMs: 30 * DAY_MS, jobs: 1_000, bytes: 1e9 };
  const log = pino({ level: "silent" });
  const tell: Tell = () => undefined;
  const start = (): RetentionSweep =>
    new RetentionSweep({ persistence, limits, clock: new FakeClock(), log, tell, random: () => 0 });
  expect(await start().purge()).toBe(0);

  advance(40 * DAY_MS);
  const late = start();

  expect(await late.purge()).toBe(0);
  expect(await late.purge()).toBe(1);
});
