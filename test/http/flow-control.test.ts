import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JobDetailView, JobsView, JobView, Problem } from "../../common/wire.js";
import { type Api, ask, START_MS, startApi } from "./api.js";

let api: Api;
const dir = mkdtempSync(join(tmpdir(), "jobrunner-http-"));

beforeAll(async () => {
  api = await startApi(dir);
}, START_MS);
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

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
