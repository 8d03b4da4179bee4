import { describe, expect, it } from "vitest";
import type { JobDetailView, JobsView, JobView, Problem, WhyView } from "../../common/wire.js";
import { until } from "../../scripts/lab/until.js";
import { raiseOf } from "../contracts/samples.js";
import { ask } from "./api.js";
import { apisForFile } from "./apis.js";

const [api] = apisForFile("alpha");

const post = (body: object, headers: Readonly<Record<string, string>> = {}) =>
  ask(`${api.url}/v1/jobs`, { method: "POST", body: { flow: "shapes", ...body }, headers });
const cancel = (id: string) => ask(`${api.url}/v1/jobs/${id}/cancel`, { method: "POST", body: {} });
const retry = (id: string) => ask(`${api.url}/v1/jobs/${id}/retry`, { method: "POST", body: {} });
const detail = async (id: string) => (await ask(`${api.url}/v1/jobs/${id}`)).json as JobDetailView;

describe("a unique key (P-43)", () => {
  it("answers 409 with the job that has it, and what to do", async () => {
    const { id } = (await post({ uniqueKey: "one" })).json as JobView;

    const refused = await post({ uniqueKey: "one", priority: 3 });

    expect(refused.status).toBe(409);
    const { code, type, detail: text, hint, holder } = refused.json as Problem;
    expect([code, type]).toEqual(["KEY_HELD", "urn:jobrunner:problem:key-held"]);
    expect(text).toBe(`job ${id}, which is WAITING, has the unique key one`);
    expect(hint).toContain(`jobrunner wait ${id}`);
    expect(holder).toEqual({ id, state: "WAITING" });
    expect(await detail(id)).toMatchObject({ uniqueKey: "one" });
    const { items } = (await ask(`${api.url}/v1/jobs`)).json as JobsView;
    expect(items.filter(({ uniqueKey }) => uniqueKey === "one").map((job) => job.id)).toEqual([id]);
  });

  it("is free again after the end; the refused posting may be sent as it was", async () => {
    const headers = { "idempotency-key": "again" };
    const { id } = (await post({ uniqueKey: "two" })).json as JobView;
    expect((await post({ uniqueKey: "two" }, headers)).status).toBe(409);
    await cancel(id);

    const next = await post({ uniqueKey: "two" }, headers);

    expect(next.status).toBe(201);
    expect((next.json as JobView).id).not.toBe(id);
  });

  it("answers the same job for the same Idempotency-Key; another key of it is another request", async () => {
    const headers = { "idempotency-key": "same" };
    const first = await post({ uniqueKey: "three" }, headers);

    const again = await post({ uniqueKey: "three" }, headers);
    const other = await post({ uniqueKey: "four" }, headers);

    expect([first, again, other].map(({ status }) => status)).toEqual([201, 200, 422]);
    expect((again.json as JobView).id).toBe((first.json as JobView).id);
  });

  it("is taken again by a retry, which is refused while another job has it", async () => {
    const { id } = (await post({ uniqueKey: "five" })).json as JobView;
    await cancel(id);
    const second = (await post({ uniqueKey: "five" })).json as JobView;

    const refused = await retry(id);
    await cancel(second.id);
    const taken = await retry(id);

    expect(refused.json).toMatchObject({ code: "KEY_HELD", holder: { id: second.id } });
    expect(taken.status).toBe(201);
    expect(taken.json).toMatchObject({ uniqueKey: "five" });
    expect((await post({ uniqueKey: "five" })).status).toBe(409);
  });

  it.each(["", "two words", "x".repeat(129), "späť", 7])("may not be %j", async (uniqueKey) => {
    const refused = await post({ uniqueKey });

    expect(refused.status).toBe(400);
    const { errors } = refused.json as Problem;
    expect(errors?.map(({ pointer }) => pointer)).toEqual(["/uniqueKey"]);
  });

  it("is part of a schedule", async () => {
    const job = { flow: "shapes", uniqueKey: "nightly" };
    const body = { name: "nightly", cron: "@daily", job };

    const added = await ask(`${api.url}/v1/schedules`, { method: "POST", body });

    expect(added.status).toBe(201);
    expect(added.json).toMatchObject({ job });
  });
});

describe("a start deadline (P-44)", () => {
  const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

  it("is a time, or a duration from when the job is due", async () => {
    const startBy = inMs(3_600_000);
    const runAt = inMs(7_200_000);

    const jobs = [
      await post({ startBy }),
      await post({ startBy: "10m" }),
      await post({ startBy: "10m", runAt }),
    ].map(({ json }) => json as JobView);

    expect(jobs[0]?.startBy).toBe(startBy);
    const [, soon, later] = jobs.map((job) => Date.parse(job.startBy ?? ""));
    expect((soon ?? 0) - Date.parse(jobs[1]?.postedAt ?? "")).toBeLessThanOrEqual(600_000);
    expect(later).toBe(Date.parse(runAt) + 600_000);
    expect(await detail(jobs[1]?.id ?? "")).toMatchObject({ startBy: jobs[1]?.startBy });
  });

  it.each([
    [{ startBy: "2020-01-01T00:00:00Z" }, "is over already"],
    [{ startBy: "0s" }, "is over already"],
    [{ startBy: inMs(60_000), delay: "1h" }, "is before the job is due"],
    [{ startBy: "soon" }, "is neither a time nor a duration"],
    [{ startBy: "10" }, "is neither a time nor a duration"],
    [{ startBy: "2027-13-45T99:00:00Z" }, "is not a time"],
    [{ startBy: "" }, "must match pattern"],
    [{ startBy: "a day; or so" }, "must match pattern"],
  ])("may not be %j", async (body, why) => {
    const refused = await post(body);

    expect(refused.status).toBe(400);
    const { errors } = refused.json as Problem;
    expect(errors?.[0]?.pointer).toBe("/startBy");
    expect(errors?.[0]?.detail).toContain(why);
  });

  it("is checked by a dry run, too, and is a duration in a schedule", async () => {
    const check = { method: "POST", body: { flow: "shapes", startBy: "0s" } };
    const schedule = (startBy: string) => ({
      method: "POST",
      body: { name: "hurried", cron: "@daily", job: { flow: "shapes", startBy } },
    });

    const dry = await ask(`${api.url}/v1/jobs:check`, check);
    const never = await ask(`${api.url}/v1/schedules`, schedule(inMs(60_000)));
    const good = await ask(`${api.url}/v1/schedules`, schedule("10m"));

    expect([dry, never, good].map(({ status }) => status)).toEqual([400, 400, 201]);
    expect((never.json as Problem).errors?.[0]?.pointer).toBe("/job/startBy");
  });

  it("counts from the due time of a schedule, however late that posts", async () => {
    const dueAt = Date.now() - 60_000;
    const posting = { flow: "shapes", startBy: "10m" };

    const { view } = await api.jobs.post(posting, undefined, undefined, dueAt);
    const late = api.jobs.post(posting, undefined, undefined, dueAt - 600_000);

    expect(view).toMatchObject({ startBy: new Date(dueAt + 600_000).toISOString() });
    await expect(late).rejects.toThrow("startBy is over already");
  });

  it("is told by show, why and the list once it is over", async () => {
    const { id } = (await post({ startBy: "1s" })).json as JobView;
    const by = { owner: "alpha.1", agent: "alpha", machine: "m" };
    await until(() => api.persistence.expire(id, by), { withinMs: 10_000, what: "the deadline" });

    const reason = { code: "EXPIRED" };
    expect(await detail(id)).toMatchObject({
      ...{ state: "CANCELLED", reason },
      failures: [{ atom: "shapes", failure: { code: "EXPIRED" } }],
    });
    const why = (await ask(`${api.url}/v1/jobs/${id}/why`)).json as WhyView;
    expect(why.obstacles[0]?.why).toContain("it ended unstarted: no owner had started it by");
    const { items } = (await ask(`${api.url}/v1/jobs?state=CANCELLED`)).json as JobsView;
    expect(items.find((job) => job.id === id)).toMatchObject({ reason });
    const again = await retry(id);
    expect((again.json as JobView).startBy).toBeUndefined();
    const from = { method: "POST", body: { from: "prepare" } };
    expect((await ask(`${api.url}/v1/jobs/${id}/retry`, from)).status).toBe(201);
  });

  it("makes a job one for agents that know of it, others are for all", async () => {
    const plain = (await post({})).json as JobView;
    const hurried = (await post({ startBy: "1h" })).json as JobView;

    const needs = [plain, hurried].map(async ({ id }) => (await api.persistence.job(id))?.needs);

    expect((await Promise.all(needs)).map((each) => each?.protocol)).toEqual([1, 2]);
  });
});

describe("slots (P-45)", () => {
  const concurrency = { key: "disk", limit: 1 };

  it("are told with the job, and by whom they are taken while it waits", async () => {
    const first = (await post({ concurrency })).json as JobView;
    const waits = (await post({ concurrency })).json as JobView;
    expect(first).toMatchObject({ concurrency });
    expect((await detail(waits.id)).waitsFor).toBeUndefined();
    const boardId = (await api.board.identity()).id;
    await api.persistence.setBoardId(undefined, boardId);
    const raise = raiseOf(first.id, 0, { boardId });
    await api.persistence.raiseControlled(raise, { concurrency });

    expect(await detail(waits.id)).toMatchObject({
      waitsFor: { ...concurrency, taken: [first.id] },
    });
    expect((await detail(first.id)).waitsFor).toBeUndefined();
    const why = (await ask(`${api.url}/v1/jobs/${waits.id}/why`)).json as WhyView;
    expect(why.possible).toBe(false);
    expect(why.obstacles).toEqual([
      { why: `it waits for a slot of disk: 1 of 1 taken by ${first.id}` },
    ]);
    await cancel(waits.id);
    const again = (await retry(waits.id)).json as JobView;
    expect(again).toMatchObject({ concurrency, state: "WAITING" });
  });

  it.each([
    [{ key: "disk", limit: 0 }, "/concurrency/limit"],
    [{ key: "disk", limit: 1001 }, "/concurrency/limit"],
    [{ key: "two words", limit: 1 }, "/concurrency/key"],
    [{ key: "disk" }, "/concurrency/limit"],
    [{ key: "disk", limit: 1, more: 1 }, "/concurrency/more"],
  ])("may not be %j", async (wrong, pointer) => {
    const refused = await post({ concurrency: wrong });

    expect(refused.status).toBe(400);
    expect((refused.json as Problem).errors?.[0]?.pointer).toBe(pointer);
  });

  it("may be declared by a flow, for the parameters of the job; then nobody else says how many", async () => {
    const flow = "tenants";

    const posted = await post({ flow, params: { tenant: "acme" } });
    const refused = await post({ flow, params: { tenant: "acme" }, concurrency });
    const { id } = posted.json as JobView;
    await cancel(id);
    const other = await ask(`${api.url}/v1/jobs/${id}/retry`, {
      ...{ method: "POST", body: { params: { tenant: "other" } } },
    });

    expect(posted.json).toMatchObject({ concurrency: { key: "tenant-acme", limit: 2 } });
    expect(other.json).toMatchObject({ concurrency: { key: "tenant-other", limit: 2 } });
    expect(refused.json).toMatchObject({
      ...{ code: "USAGE", errors: [{ pointer: "/concurrency" }] },
      hint: "Leave concurrency out: it is 2 of tenant-acme.",
    });
  });
});
