import pino from "pino";
import { expect, inject, it } from "vitest";
import { Metrics } from "../../agent/metrics/metrics.js";
import { Scheduler } from "../../agent/schedules/scheduler.js";
import type { CatchUp } from "../../common/wire/schedules.js";
import { emptyDatabase, openMysql } from "../contracts/mysql.js";
import { SteeredTime } from "../contracts/sqlite.js";
import { FakeClock } from "../support/fake-clock.js";
import { make, MINUTE, posted, posting } from "./cluster.js";

const AGENTS = 6;
const MISSED = 25;

/* Agents with connections of their own to one MariaDB, all at the same due times at once. */

it.each([
  ["all", MISSED],
  ["one", 1],
  ["none", 1],
] as const)("posts each job once, whoever is faster: %s", async (catchUp: CatchUp, jobs) => {
  const url = await emptyDatabase(inject("mysqlUrl"));
  const time = new SteeredTime();
  const persistences = [];
  for (let n = 0; n < AGENTS; n += 1) persistences.push(await openMysql(url, time));
  const [first] = persistences;
  if (first === undefined) throw new Error("there are agents");
  const start = time.now();
  await make(first, catchUp, { cron: "* * * * *" });
  time.advance(MISSED * MINUTE + 1_000);
  const log = pino({ level: "silent" });
  const schedulers = persistences.map((persistence) => {
    const jobs = { post: posting(persistence) };
    return new Scheduler({
      persistence,
      jobs,
      log,
      clock: new FakeClock(),
      metrics: new Metrics(),
      random: () => 0,
    });
  });

  for (let round = 0; round <= MISSED; round += 1) {
    await Promise.all(schedulers.map((scheduler) => scheduler.look()));
  }

  const due = await posted(first);
  expect(due).toHaveLength(jobs);
  expect(new Set(due).size).toBe(jobs);
  expect(await first.schedules.get("tick")).toMatchObject({
    dueAt: start + (MISSED + 1) * MINUTE,
    last: { dueAt: start + MISSED * MINUTE },
  });
});
