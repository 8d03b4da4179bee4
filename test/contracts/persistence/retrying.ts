import { expect, it } from "vitest";
import type { EndState } from "../../../common/job.js";
import type { Change } from "../../../engine/journal.js";
import type { Asker, NewJob, Persistence } from "../../../persistence/persistence.js";
import { appended, appendOf, newJob, owned, posted, raiseOf } from "../samples.js";
import type { OpenPersistence } from "./subject.js";

const BY: Asker = { owner: "poster.1", agent: "agent-9", machine: "machine-9" };
const KEPT: readonly Change[] = [{ change: "kept", atom: "A", result: { a: "it's 1" } }];

/** The id of a job that is over. */
export async function endedJob(
  persistence: Persistence,
  state: EndState = "SUCCESS",
): Promise<string> {
  const owner = await owned(persistence, (await posted(persistence)).id);
  const changes: readonly Change[] = [{ change: "flow", to: state }];
  await appended(persistence, appendOf(owner, 1, { changes, state }));
  return owner.id;
}

/** A job that keeps a result of that one. */
export function retryOf(of: string, more: Partial<NewJob> = {}): NewJob {
  return newJob({ retry: { of, kept: { changes: KEPT, by: BY } }, ...more });
}

export function testRetrying(open: OpenPersistence): void {
  it("P-38: tells of a retry whose retry it is, and of a job by which it was retried", async () => {
    const { persistence } = await open();
    const origin = await endedJob(persistence);
    const [one, two] = [newJob({ retry: { of: origin } }), newJob({ retry: { of: origin } })];

    await persistence.post(one);
    await persistence.post(two);

    expect(await persistence.retries(origin)).toEqual({ by: [one.id, two.id] });
    expect(await persistence.retries(two.id)).toEqual({ of: origin, by: [] });
    expect(await persistence.job(two.id)).toMatchObject({ state: "WAITING", token: 0 });
    expect(await persistence.load(two.id)).toEqual([]);
  });

  it("P-39: posts a job with what it keeps as its first entry, which the next owner loads", async () => {
    const { persistence } = await open();
    const job = retryOf(await endedJob(persistence, "FAILURE"));

    expect(await persistence.post(job)).toEqual({ posted: "created", id: job.id });

    expect(await persistence.job(job.id)).toMatchObject({ state: "WAITING", token: 1 });
    expect((await persistence.job(job.id))?.owner).toBeUndefined();
    expect(await persistence.raise(raiseOf(job.id, 0))).toBeUndefined();
    const next = await owned(persistence, job.id);
    expect(next.token).toBe(2);
    expect(await persistence.load(job.id)).toMatchObject([{ seq: 1, token: 1, changes: KEPT }]);
    expect(await appended(persistence, appendOf(next, 2))).toEqual({ accepted: true });
    expect(await persistence.ownerships(job.id)).toMatchObject([
      { token: 1, owner: "poster.1", agent: "agent-9", firstSeq: 1, ended: "kept" },
      { token: 2, firstSeq: 2 },
    ]);
  });

  it("P-39: lets nobody write in the name of the posting", async () => {
    const { persistence } = await open();
    const job = retryOf(await endedJob(persistence, "FAILURE"));
    await persistence.post(job);

    const append = appendOf({ id: job.id, token: 1, owner: BY.owner }, 2);

    expect(await appended(persistence, append)).toEqual({ accepted: false });
  });

  it("P-39: hands the results of a job on once, and says to whom", async () => {
    const { persistence } = await open();
    const origin = await endedJob(persistence, "FAILURE");
    const first = retryOf(origin);
    await persistence.post(first);
    const key = { key: "retry-2", bodyHash: "h" };

    const second = retryOf(origin, { key });
    expect(await persistence.post(second)).toEqual({ posted: "spent", id: first.id });

    expect(await persistence.job(second.id)).toBeUndefined();
    expect(await persistence.postedBefore(key)).toBeUndefined();
    const whole = newJob({ retry: { of: origin } });
    expect(await persistence.post(whole)).toMatchObject({ posted: "created" });
  });

  it("P-38: takes a retry that is sent again with its key for the same", async () => {
    const { persistence } = await open();
    const origin = await endedJob(persistence, "FAILURE");
    const key = { key: "retry-1", bodyHash: "h" };
    const first = retryOf(origin, { key });
    await persistence.post(first);

    const answers = [
      await persistence.post(first),
      await persistence.post(retryOf(origin, { key })),
    ];

    const existed = { posted: "existed", id: first.id };
    expect(answers).toEqual([existed, existed]);
    expect((await persistence.retries(origin)).by).toEqual([first.id]);
  });

  it("P-39: a job with kept results is not cancelled at once: they are reverted", async () => {
    const { persistence } = await open();
    const job = retryOf(await endedJob(persistence, "FAILURE"));
    await persistence.post(job);

    const answer = await persistence.cancel(job.id, BY, true);

    expect(answer).toEqual({ asked: "requested", state: "WAITING" });
  });

  it("tells what the poster had asked for beside what the flow needs", async () => {
    const { persistence } = await open();
    const required = [{ name: "memory_free", args: ["2GB"] }];
    const [one, other] = [newJob({ required }), newJob({ required: [] })];

    await persistence.post(one);
    await persistence.post(other);

    expect(await persistence.required(one.id)).toEqual(required);
    expect(await persistence.required(other.id)).toEqual([]);
  });

  it("refuses to keep more than can be stored", async () => {
    const { persistence } = await open();
    const changes: Change[] = ["A", "B", "C"].map((atom) => {
      return { change: "kept", atom, result: "x".repeat(2 * 1024 * 1024) };
    });
    const job = newJob({ retry: { of: "origin", kept: { changes, by: BY } } });

    await expect(persistence.post(job)).rejects.toMatchObject({ code: "TOO_LARGE" });
    expect(await persistence.job(job.id)).toBeUndefined();
  });
}
