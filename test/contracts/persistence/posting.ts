import { expect, it } from "vitest";
import { RESULT_BYTES_MAX } from "../../../persistence/persistence.js";
import type { OpenPersistence } from "./subject.js";
import { newJob } from "../samples.js";

export function testPosting(open: OpenPersistence): void {
  it("gives back the job as it was posted", async () => {
    const { persistence } = await open();
    const job = newJob({
      name: "Grüße \u{1f600}",
      params: { text: "a\u0000b ' \" \\", list: [1, null, { deep: true }] },
      priority: -7,
      runAt: 4_102_444_800_000,
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    });

    const answer = await persistence.post(job);
    const row = await persistence.job(job.id);

    expect(answer).toEqual({ posted: "created", id: job.id });
    expect(row).toMatchObject({ ...job, state: "WAITING", token: 0 });
    expect(row?.owner).toBeUndefined();
    expect(row?.postedAt).toBeGreaterThan(0);
  });

  it("says nothing of a job that was never posted", async () => {
    const { persistence } = await open();

    expect(await persistence.job("nobody")).toBeUndefined();
  });

  it("makes one job of two postings with the same id", async () => {
    const { persistence } = await open();
    const job = newJob();

    await persistence.post(job);

    expect(await persistence.post(job)).toEqual({ posted: "existed", id: job.id });
  });

  it("P-1: makes one job of 20 postings at once with the same key", async () => {
    const { persistence } = await open();
    const key = { key: "order-17", bodyHash: "h" };
    const jobs = Array.from({ length: 20 }, () => newJob({ key }));

    const answers = await Promise.all(jobs.map((job) => persistence.post(job)));

    expect(answers.filter(({ posted }) => posted === "created")).toHaveLength(1);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect((await persistence.jobs({}, 50)).jobs).toHaveLength(1);
  });

  it("refuses parameters that are too large and stores nothing of them", async () => {
    const { persistence } = await open();
    const job = newJob({ params: { text: "x".repeat(RESULT_BYTES_MAX) } });

    await expect(persistence.post(job)).rejects.toMatchObject({ code: "TOO_LARGE" });
    expect(await persistence.job(job.id)).toBeUndefined();
  });

  it("refuses parameters that cannot be written as JSON", async () => {
    const { persistence } = await open();
    const cycle: Record<string, never> = {};
    Reflect.set(cycle, "self", cycle);

    const posting = persistence.post(newJob({ params: cycle }));

    await expect(posting).rejects.toMatchObject({ code: "NOT_JSON" });
  });

  it("finds ids by their beginning and by their end, up to a limit", async () => {
    const { persistence } = await open();
    const ids = ["0190-aaaa-1111abcd", "0190-bbbb-2222abcd", "0191-cccc-3333abce"];
    for (const id of ids) await persistence.post(newJob({ id }));

    expect(await persistence.matchIds("0190-", 10)).toEqual(ids.slice(0, 2));
    expect([...(await persistence.matchIds("abcd", 10))].sort()).toEqual(ids.slice(0, 2));
    expect(await persistence.matchIds("cccc-3333abce", 10)).toEqual([ids[2]]);
    expect(await persistence.matchIds("019", 2)).toHaveLength(2);
    expect(await persistence.matchIds("%", 10)).toEqual([]);
  });
}
