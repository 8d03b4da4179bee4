import pino from "pino";
import { expect, it, onTestFinished } from "vitest";
import { JobControl } from "../../../agent/owner/job-control.js";
import { RequestWatch } from "../../../agent/owner/requests.js";
import type { JobRequest } from "../../../common/job.js";
import { openPersistence } from "../../../persistence/open.js";
import { appended, appendOf, owned, posted } from "../../contracts/samples.js";
import { FakeClock } from "../../support/fake-clock.js";

const LOOK_MS = 5_000;
const BY = { owner: "asker.1", agent: "asker", machine: "machine-1" };

/** An agent that runs what `begin` posts, and how often it has looked for requests. */
async function setUp() {
  const clock = new FakeClock();
  const persistence = await openPersistence("sqlite::memory:", { now: () => clock.now() });
  const running = new Map<string, JobControl>();
  const told: [job: string, request: JobRequest][] = [];
  let looks = 0;
  const requests = (jobs: readonly string[]) => {
    looks += 1;
    return persistence.requests(jobs);
  };
  const options = { persistence: { requests }, clock, log: pino({ level: "silent" }) };
  const stop = new AbortController();
  const watch = new RequestWatch({ ...options, running: () => running }, stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await watch.ended;
    await persistence[Symbol.asyncDispose]();
  });
  const begin = async (): Promise<string> => {
    const owner = await owned(persistence, (await posted(persistence)).id);
    await appended(persistence, appendOf(owner, 1));
    const control = new JobControl();
    control.request = (request) => void told.push([owner.id, request]);
    running.set(owner.id, control);
    watch.look();
    return owner.id;
  };
  return { clock, persistence, running, told, begin, looks: () => looks };
}

it("P-24: what was asked of a job that runs here is told within 5 s", async () => {
  const { clock, persistence, told, begin } = await setUp();
  const [one, two] = [await begin(), await begin()];
  await clock.advance(LOOK_MS);
  expect(told).toEqual([]);

  await persistence.cancel(one, BY, false);
  await persistence.suspend(two);
  await clock.advance(LOOK_MS);

  expect(told.sort()).toEqual(
    [
      [one, "cancel-no-revert"],
      [two, "suspend"],
    ].sort(),
  );
});

it("an agent that runs nothing is not woken for requests, and looks again once it does", async () => {
  const { clock, persistence, running, told, begin, looks } = await setUp();
  await begin();
  await clock.advance(LOOK_MS);
  expect(looks()).toBe(1);

  running.clear();
  await clock.advance(100 * LOOK_MS);
  expect([looks(), clock.sleeping]).toEqual([1, 0]);

  const next = await begin();
  await persistence.cancel(next, BY, true);
  await clock.advance(LOOK_MS);
  expect(told).toEqual([[next, "cancel"]]);
});
