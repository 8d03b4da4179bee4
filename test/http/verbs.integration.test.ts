import { describe, expect, it } from "vitest";
import type { JobDetailView, JobView, Problem } from "../../common/wire.js";
import type { Change } from "../../engine/journal.js";
import { appended, appendOf, type Owned, owned } from "../contracts/samples.js";
import { type Answer, ask } from "./api.js";
import { apisForFile } from "./apis.js";

const [api] = apisForFile("alpha");

describe("POST /v1/jobs/:id/retry", () => {
  it("answers 201 with the new job, which both jobs tell of; 200 for the same key", async () => {
    const job = await failed();

    const first = await verb(job, "retry", {}, "retry-a");
    const again = await verb(job, "retry", {}, "retry-a");

    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.headers["idempotency-replayed"]).toBe("true");
    const { id } = first.json as JobView;
    expect(first.headers.location).toBe(`/v1/jobs/${id}`);
    expect(first.json).toMatchObject({ flow: "shapes", name: "mine", priority: 3 });
    expect(await detail(id)).toMatchObject({ retryOf: job, state: "WAITING", owners: [] });
    expect(await detail(job)).toMatchObject({ retriedBy: [id], state: "FAILURE" });
    expect(await api.board.exists([id])).toEqual(new Set([id]));
  });

  it("answers 422 for the same key with another request, as posting does", async () => {
    const job = await failed();
    await verb(job, "retry", {}, "retry-b");

    const other = await verb(job, "retry", { params: { port: 9000 } }, "retry-b");

    expect([other.status, other.json]).toMatchObject([422, { code: "CONFLICT" }]);
  });

  it("keeps the poster's place in its trace", async () => {
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const url = `${api.url}/v1/jobs/${await failed()}/retry`;

    const answer = await ask(url, { method: "POST", body: {}, headers: { traceparent } });

    expect(await detail((answer.json as JobView).id)).toMatchObject({ traceparent });
  });

  it("takes other parameters, which the flow checks", async () => {
    const job = await failed();

    const good = await verb(job, "retry", { params: { port: 9000 } });
    const bad = await verb(job, "retry", { params: { port: "much" } });

    expect((await detail((good.json as JobView).id)).params).toMatchObject({
      ...{ port: 9000, title: "site" },
    });
    expect(bad.status).toBe(422);
    expect(bad.json).toMatchObject({ code: "BAD_PARAMETERS", errors: [{ pointer: "/port" }] });
  });

  it("goes on at an atom, and shows what it keeps as kept", async () => {
    const job = await failed();

    const answer = await verb(job, "retry", { from: "serve_retry" });

    expect(answer.status).toBe(201);
    const { tree, owners, agent } = await detail((answer.json as JobView).id);
    expect(tree.children?.[0]).toMatchObject({
      ...{ name: "prepare", state: "SUCCESS", kept: true, attempts: [] },
      result: { dir: "/srv/site" },
    });
    expect([owners, agent]).toEqual([[], undefined]);
  });

  it("answers 409 with the atom that cannot be kept, and where to go on", async () => {
    const job = await failed();

    const answers = [
      await verb(job, "retry", { from: "serve/listen" }),
      await verb(job, "retry", { from: "serve_retry", params: { title: "other" } }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([409, 409]);
    const [needs, stale] = answers.map(({ json }) => json as Problem);
    expect(needs?.detail).toBe('"serve/listen" needs "serve_retry", which is REVERTED');
    expect(needs?.hint).toBe("Retry from serve_retry instead, or the whole job.");
    expect(stale?.detail).toContain('"prepare" ran with another value of "title"');
  });

  it("answers 409 for a job that is not over, and when results were handed on", async () => {
    const [running, over] = [await started(), await failed()];
    await verb(over, "retry", { from: "serve_retry" });

    const answers = [
      await verb(running.id, "retry"),
      await verb(over, "retry", { from: "serve_retry" }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([409, 409]);
    const details = answers.map(({ json }) => (json as Problem).detail);
    expect(details[0]).toBe(`job ${running.id} is RUNNING: it cannot be retried`);
    expect(details[1]).toContain(`goes on with the results of job ${over}`);
  });

  it("refuses an atom that the flow does not have, and names the one that was meant", async () => {
    const answer = await verb(await failed(), "retry", { from: "serve/lissen" });

    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      ...{ code: "USAGE", hint: "Did you mean serve/listen?", errors: [{ pointer: "/from" }] },
    });
  });
});

describe("POST /v1/jobs/:id/release", () => {
  it("takes the job from its owner, whose end it tells", async () => {
    const { id, token } = await started();

    const answer = await verb(id, "release", { token, reason: "its disk hangs" });

    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ id, state: "RUNNING" });
    expect((await detail(id)).owners).toMatchObject([{ token, ended: "released" }]);
    expect(await api.board.exists([id])).toEqual(new Set([id]));
    expect(api.log.join()).toContain("its disk hangs");
    expect((await verb(id, "release", { token })).status).toBe(200);
  });

  it("answers 409 when nobody owns the job", async () => {
    const answer = await verb(await posted(), "release");

    expect(answer.status).toBe(409);
    expect((answer.json as Problem).detail).toContain("is WAITING: nobody owns it");
  });
});

describe("POST /v1/jobs/:id/reprioritise", () => {
  it("answers the job with its new priority", async () => {
    const job = await posted();

    const answer = await verb(job, "reprioritise", { priority: -7 });

    expect([answer.status, answer.json]).toMatchObject([200, { id: job, priority: -7 }]);
  });

  it("answers 409 for a job that does not wait, 400 for no priority", async () => {
    const { id } = await started();

    expect((await verb(id, "reprioritise", { priority: 1 })).json).toMatchObject({
      ...{ status: 409, detail: `job ${id} is RUNNING: it cannot be reprioritised` },
    });
    for (const body of [{}, { priority: 101 }, { priority: "high" }, { priority: 1, name: "x" }]) {
      expect((await verb(id, "reprioritise", body)).status).toBe(400);
    }
  });
});

describe("DELETE /v1/jobs/:id and POST /v1/jobs:gc", () => {
  it("removes a job that is over; then there is none", async () => {
    const job = await failed();

    const answers = [await remove(job), await remove(job)];

    expect(answers.map(({ status, text }) => [status, text === ""])).toEqual([
      [204, true],
      [404, false],
    ]);
  });

  it("answers 409 with the state of a job that is not over", async () => {
    const { id } = await started();

    const answer = await remove(id);

    expect(answer.status).toBe(409);
    expect((answer.json as Problem).detail).toBe(`job ${id} is RUNNING: it cannot be deleted`);
  });

  it("removes those that are over for so long, and no others", async () => {
    const [job, waiting] = [await failed(), await posted()];

    const [none, some] = [
      await gc({ olderThan: "1h" }),
      await gc({ olderThan: "0s", states: ["FAILURE"] }),
    ];

    expect(none.json).toEqual({ removed: 0, more: false });
    expect(some.json).toMatchObject({ more: false });
    expect((await ask(`${api.url}/v1/jobs/${job}`)).status).toBe(404);
    expect((await detail(waiting)).state).toBe("WAITING");
    for (const body of [{}, { olderThan: "long" }, { olderThan: "1h", states: ["RUNNING"] }]) {
      expect((await gc(body)).status).toBe(400);
    }
  });
});

function verb(job: string, name: string, body?: unknown, key?: string): Promise<Answer> {
  const sent = body === undefined ? {} : { body };
  const headers = key === undefined ? {} : { headers: { "idempotency-key": key } };
  return ask(`${api.url}/v1/jobs/${job}/${name}`, { method: "POST", ...sent, ...headers });
}

function remove(job: string): Promise<Answer> {
  return ask(`${api.url}/v1/jobs/${job}`, { method: "DELETE" });
}

function gc(body: unknown): Promise<Answer> {
  return ask(`${api.url}/v1/jobs:gc`, { method: "POST", body });
}

async function detail(job: string): Promise<JobDetailView> {
  return (await ask(`${api.url}/v1/jobs/${job}`)).json as JobDetailView;
}

async function posted(): Promise<string> {
  const body = { flow: "shapes", name: "mine", priority: 3, params: { title: "site" } };
  const answer = await ask(`${api.url}/v1/jobs`, { method: "POST", body });
  return (answer.json as JobView).id;
}

/** A job whose owner, somewhere else, has appended one entry. */
async function started(): Promise<Owned> {
  const job = await posted();
  await api.persistence.setBoardId(undefined, "board-1");
  const owner = await owned(api.persistence, job);
  await appended(api.persistence, appendOf(owner, 1, { changes: BEGUN }));
  return owner;
}

/** One that is over, with `prepare` done and its inner flow reverted. */
async function failed(): Promise<string> {
  const owner = await started();
  await appended(api.persistence, appendOf(owner, 2, { changes: FAILED, state: "FAILURE" }));
  return owner.id;
}

const BEGUN: readonly Change[] = [
  { change: "flow", to: "RUNNING" },
  { change: "atom", atom: "prepare", to: "RUNNING" },
  { change: "atom", atom: "prepare", to: "SUCCESS", result: { dir: "/srv/site" } },
];

const FAILED: readonly Change[] = [
  { change: "atom", atom: "serve_retry", to: "RUNNING" },
  { change: "atom", atom: "serve_retry", to: "SUCCESS", result: 1 },
  { change: "atom", atom: "serve/listen", to: "RUNNING" },
  { change: "atom", atom: "serve/listen", to: "FAILURE", failure: { name: "E", message: "no" } },
  { change: "decision", retry: "serve_retry", atom: "serve/listen", decision: "REVERT" },
  { change: "atom", atom: "serve/listen", to: "REVERTING" },
  { change: "atom", atom: "serve/listen", to: "REVERTED" },
  { change: "atom", atom: "serve_retry", to: "REVERTING" },
  { change: "atom", atom: "serve_retry", to: "REVERTED" },
  { change: "flow", to: "FAILURE" },
];
