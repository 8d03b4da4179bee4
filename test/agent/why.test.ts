import { describe, expect, it } from "vitest";
import { inTime } from "../../agent/matching/in-time.js";
import { createWhyHere } from "../../agent/matching/why.js";
import type { Verdict } from "../../capabilities/capability.js";
import { openPersistence } from "../../persistence/open.js";
import { matcherOf } from "../../scripts/lab/matcher.js";
import { newJob, posted, raiseOf } from "../contracts/samples.js";
import { FakeClock } from "../support/fake-clock.js";

describe("a verdict that is slow", () => {
  it("is unknown after a while, whatever the others say", async () => {
    const clock = new FakeClock();
    const within = inTime(clock);
    const slow = within(new Promise<Verdict>(() => undefined));
    const fast = within(Promise.resolve({ able: true }));

    await clock.advance(1_200);

    expect(await fast).toEqual({ able: true });
    expect(await slow).toEqual({ unknown: "no answer within 1200 ms" });
  });

  it("does not get a time of its own when it is asked later", async () => {
    const clock = new FakeClock();
    const within = inTime(clock);
    await clock.advance(1_000);
    const late = within(new Promise<Verdict>(() => undefined));

    await clock.advance(200);

    expect(await late).toMatchObject({ unknown: expect.stringContaining("1200 ms") });
  });
});

describe("the jobs that wait, as one agent sees them", () => {
  it("lack a slot when all of their key are taken (P-45)", async () => {
    const clock = new FakeClock();
    await using persistence = await openPersistence("sqlite::memory:");
    const concurrency = { key: "disk", limit: 1 };
    const first = await posted(persistence, newJob({ ...waiting("web", 3), concurrency }));
    await posted(persistence, newJob({ ...waiting("web", 3), concurrency }));
    await persistence.raiseControlled(raiseOf(first.id, 0), first);
    const why = createWhyHere({
      ...{ agent: "alpha", persistence, clock, slots: () => 1, running: () => [] },
      matcher: matcherOf(new Map([["web", [3]]]), clock),
      readiness: { explain: () => Promise.resolve([]) },
    });

    const { items } = await why.jobs({ limit: 10 });

    expect(items).toMatchObject([
      { able: false, missing: [{ what: "slot of disk", observed: "1 of 1 taken" }] },
    ]);
  });

  it("are told page by page, each with what it lacks there", async () => {
    const clock = new FakeClock();
    await using persistence = await openPersistence("sqlite::memory:");
    const [web, mail] = [waiting("web", 3), waiting("mail", 1)];
    const later = newJob({ ...waiting("web", 3), runAt: Date.now() + 3_600_000 });
    for (const job of [web, mail, later]) await persistence.post(job);
    const { jobs } = createWhyHere({
      ...{ agent: "alpha", persistence, clock, slots: () => 1, running: () => ["a job"] },
      matcher: matcherOf(new Map([["web", [3]]]), clock),
      readiness: { explain: async () => [{ what: "takes jobs", verdict: "yes" }] },
    });

    const first = await jobs({ limit: 2 });
    const second = await jobs({ limit: 2, cursor: first.nextCursor ?? "" });

    expect(first).toMatchObject({
      ...{
        agent: "alpha",
        able: false,
        missing: [{ what: "free slot", observed: "all 1 in use" }],
      },
      items: [
        {
          able: false,
          missing: [{ what: "due", observed: expect.stringMatching(/^not before 20/) }],
        },
        {
          ...{ job: { id: mail.id, flow: "mail" }, able: false },
          missing: [{ what: "flow mail v1", observed: "no flow mail is loaded here" }],
        },
      ],
    });
    expect(second.items).toMatchObject([{ job: { id: web.id }, able: true, missing: [] }]);
    expect(second).not.toHaveProperty("nextCursor");
  });
});

function waiting(flow: string, version: number): ReturnType<typeof newJob> {
  return newJob({ needs: { protocol: 1, flow, version, clauses: [] } });
}
