import { describe, expect, it } from "vitest";
import type { JobView, Problem } from "../../common/wire.js";
import { appended, appendOf, owned } from "../contracts/samples.js";
import { type Answer, ask } from "./api.js";
import { apisForFile } from "./apis.js";

const [api] = apisForFile("alpha");

describe("POST /v1/jobs/:id/cancel, suspend and resume", () => {
  it("answer 200 with the job when nobody has to do anything more", async () => {
    const job = await posted();

    const suspended = await verb(job, "suspend");
    const resumed = await verb(job, "resume");
    const cancelled = await verb(job, "cancel", {});

    const answers = [suspended, resumed, cancelled];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const states = answers.map(({ json }) => (json as JobView).state);
    expect(states).toEqual(["SUSPENDED", "WAITING", "CANCELLED"]);
    expect(cancelled.json).toMatchObject({ id: job, agent: "alpha" });
    expect(await api.board.exists([job])).toEqual(new Set());
  });

  it("answer 202 when an owner has to obey first, and tell it at once", async () => {
    const job = await started();

    const answer = await verb(job, "cancel", { revert: false });

    expect(answer.status).toBe(202);
    expect(answer.json).toMatchObject({ state: "RUNNING", request: "cancel-no-revert" });
    expect(api.requested).toContainEqual([job, "cancel-no-revert"]);
  });

  it("keep the reason of a cancel, tell it with the job and as it happens", async () => {
    const job = await started();
    const waiting = await posted();

    const asked = await verb(job, "cancel", { reason: "no longer needed" });
    const ended = await verb(waiting, "cancel", { reason: "no longer needed" });

    const reason = { code: "CANCELLED", message: "no longer needed" };
    expect(asked.json).toMatchObject({ request: "cancel", reason });
    expect(ended.json).toMatchObject({ state: "CANCELLED", reason });
    expect((await verb(job, "cancel", { reason: "two\nlines" })).status).toBe(400);
  });

  it("may be asked again", async () => {
    const job = await started();

    const answers = [await verb(job, "cancel"), await verb(job, "cancel")];

    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(answers[0]?.json).toEqual(answers[1]?.json);
  });

  it("answer 409 and name the state when it excludes them", async () => {
    const over = await posted();
    await verb(over, "cancel");
    const cancelling = await started();
    await verb(cancelling, "cancel");

    const answers = [
      await verb(over, "suspend"),
      await verb(over, "resume"),
      await verb(cancelling, "suspend"),
    ];

    expect(answers.map(({ status }) => status)).toEqual([409, 409, 409]);
    const problems = answers.map(({ json }) => json as Problem);
    expect(problems.map(({ code }) => code)).toEqual(["CONFLICT", "CONFLICT", "CONFLICT"]);
    expect(problems[0]?.detail).toBe(`job ${over} is CANCELLED: it cannot be suspended`);
    expect(problems[1]?.detail).toContain("is CANCELLED: it cannot be resumed");
    expect(problems[2]?.detail).toContain("is being cancelled: it cannot be suspended");
    expect(problems.every(({ hint }) => hint !== undefined)).toBe(true);
  });

  it("take abbreviated ids, and refuse what is no job", async () => {
    const job = await posted();

    expect((await verb(job.slice(-8), "suspend")).json).toMatchObject({ id: job });
    expect((await verb("00000000-0000-7000-8000-000000000000", "cancel")).status).toBe(404);
    expect((await verb("no-id!", "cancel")).status).toBe(400);
  });

  it("refuse a body that they do not know", async () => {
    const job = await posted();

    const answers = [
      await verb(job, "cancel", { revert: "no" }),
      await verb(job, "cancel", { reverse: true }),
      await verb(job, "suspend", { revert: true }),
      await verb(job, "cancel", "[1]"),
    ];

    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    expect((await api.persistence.job(job))?.state).toBe("WAITING");
  });

  it("let who waits for the end know of it at once", async () => {
    const job = await posted();
    const waiting = ask(`${api.url}/v1/jobs/${job}?wait=30s`);

    await verb(job, "cancel");

    expect((await waiting).json).toMatchObject({ id: job, state: "CANCELLED" });
  });
});

function verb(job: string, name: string, body?: unknown): Promise<Answer> {
  const sent = body === undefined ? {} : { body };
  return ask(`${api.url}/v1/jobs/${job}/${name}`, { method: "POST", ...sent });
}

async function posted(): Promise<string> {
  const answer = await ask(`${api.url}/v1/jobs`, { method: "POST", body: { flow: "shapes" } });
  return (answer.json as JobView).id;
}

/** A job whose owner, somewhere else, has appended one entry. */
async function started(): Promise<string> {
  const job = await posted();
  await api.persistence.setBoardId(undefined, "board-1");
  await appended(api.persistence, appendOf(await owned(api.persistence, job), 1));
  return job;
}
