import { expect, it } from "vitest";
import type { EndState } from "../../../common/job.js";
import type { Change } from "../../../engine/journal.js";
import type { Asker, NewJob, Persistence } from "../../../persistence/persistence.js";
import {
  appended,
  appendOf,
  ENDED,
  newJob,
  type Owned,
  owned,
  posted,
  raiseOf,
} from "../samples.js";
import type { OpenPersistence } from "./subject.js";

const BY: Asker = { owner: "poster.1", agent: "agent-9", machine: "machine-9" };
const KEPT: readonly Change[] = [{ change: "kept", atom: "A", result: { a: "it's 1" } }];

async function ended(persistence: Persistence, state: EndState = "SUCCESS"): Promise<string> {
  const owner = await owned(persistence, (await posted(persistence)).id);
  const changes: readonly Change[] = [{ change: "flow", to: state }];
  await appended(persistence, appendOf(owner, 1, { changes, state }));
  return owner.id;
}

/** A job whose owner has appended one entry. */
async function started(persistence: Persistence): Promise<Owned> {
  const owner = await owned(persistence, (await posted(persistence)).id);
  await appended(persistence, appendOf(owner, 1));
  return owner;
}

function retryOf(of: string, more: Partial<NewJob> = {}): NewJob {
  return newJob({ retry: { of, kept: { changes: KEPT, by: BY } }, ...more });
}

export function testVerbs(open: OpenPersistence): void {
  testRetrying(open);
  testReleasing(open);
  testRemoving(open);
  testReprioritising(open);
}

function testRetrying(open: OpenPersistence): void {
  it("P-38: tells of a retry whose retry it is, and of a job by which it was retried", async () => {
    const { persistence } = await open();
    const origin = await ended(persistence);
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
    const job = retryOf(await ended(persistence, "FAILURE"));

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
    const job = retryOf(await ended(persistence, "FAILURE"));
    await persistence.post(job);

    const append = appendOf({ id: job.id, token: 1, owner: BY.owner }, 2);

    expect(await appended(persistence, append)).toEqual({ accepted: false });
  });

  it("P-39: hands the results of a job on once, and says to whom", async () => {
    const { persistence } = await open();
    const origin = await ended(persistence, "FAILURE");
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
    const origin = await ended(persistence, "FAILURE");
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
    const job = retryOf(await ended(persistence, "FAILURE"));
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

function testReleasing(open: OpenPersistence): void {
  it("P-40: takes a job from its owner, who may write no more, for the next one", async () => {
    const { persistence } = await open();
    const owner = await started(persistence);

    const answer = await persistence.release(owner.id);

    const from = { token: 1, owner: owner.owner, agent: "agent-1" };
    expect(answer).toEqual({ released: "done", from });
    expect(await appended(persistence, appendOf(owner, 2))).toEqual({ accepted: false });
    expect(await persistence.job(owner.id)).toMatchObject({ state: "RUNNING", token: 2 });
    expect(await persistence.ownerships(owner.id)).toMatchObject([{ ended: "released" }]);
    const next = await owned(persistence, owner.id);
    expect(await appended(persistence, appendOf(next, 2))).toEqual({ accepted: true });
  });

  it("P-40: may be asked again, and then takes the job from nobody else", async () => {
    const { persistence } = await open();
    const owner = await started(persistence);

    const first = await persistence.release(owner.id, 1);

    expect(await persistence.release(owner.id, 1)).toEqual(first);
    expect(await persistence.job(owner.id)).toMatchObject({ token: 2 });
    const next = await owned(persistence, owner.id);
    const other = { token: 3, owner: next.owner, agent: "agent-1" };
    const conflict = { released: "conflict", state: "RUNNING", owner: other };
    expect(await persistence.release(owner.id, 1)).toEqual(conflict);
    expect(await persistence.release(owner.id, 3)).toMatchObject({ released: "done", from: other });
  });

  it("P-40: takes nothing from nobody", async () => {
    const { persistence } = await open();
    const { id: waiting } = await posted(persistence);
    const left = await started(persistence);
    await appended(persistence, appendOf(left, 2, { changes: [{ change: "handover" }] }));
    const suspended = await started(persistence);
    await persistence.suspend(suspended.id);
    await appended(persistence, appendOf(suspended, 2, { state: "SUSPENDED" }));

    const conflict = (state: string) => ({ released: "conflict", state });
    expect(await persistence.release(waiting)).toEqual(conflict("WAITING"));
    expect(await persistence.release(left.id)).toEqual(conflict("RUNNING"));
    expect(await persistence.release(suspended.id)).toEqual(conflict("SUSPENDED"));
    expect(await persistence.release(await ended(persistence))).toEqual(conflict("SUCCESS"));
    expect(await persistence.release("nobody")).toEqual({ released: "unknown" });
    expect(await persistence.job(left.id)).toMatchObject({ token: 1, owner: left.owner });
  });

  it("P-40: leaves what was asked of the job for the next owner", async () => {
    const { persistence } = await open();
    const owner = await started(persistence);
    await persistence.cancel(owner.id, BY, true);

    await persistence.release(owner.id);

    expect(await persistence.job(owner.id)).toMatchObject({ request: "cancel", state: "RUNNING" });
  });
}

function testRemoving(open: OpenPersistence): void {
  it("P-41: removes a job that is over with everything of it; its key says so", async () => {
    const { persistence } = await open();
    const key = { key: "order-1", bodyHash: "h" };
    const job = newJob({ key, required: [{ name: "is_x86_64", args: [] }] });
    const owner = await owned(persistence, (await posted(persistence, job)).id);
    await appended(persistence, appendOf(owner, 1, { changes: ENDED, state: "SUCCESS" }));

    expect(await persistence.remove(job.id)).toEqual({ removed: "done" });

    expect(await persistence.job(job.id)).toBeUndefined();
    expect(await persistence.load(job.id)).toEqual([]);
    expect(await persistence.ownerships(job.id)).toEqual([]);
    expect(await persistence.required(job.id)).toEqual([]);
    expect(await persistence.post({ ...newJob(), key })).toEqual({ posted: "removed", id: job.id });
    expect(await persistence.remove(job.id)).toEqual({ removed: "unknown" });
  });

  it("P-41: removes no job that is not over", async () => {
    const { persistence } = await open();
    const { id: waiting } = await posted(persistence);
    const running = await started(persistence);

    expect(await persistence.remove(waiting)).toEqual({ removed: "conflict", state: "WAITING" });
    expect(await persistence.remove(running.id)).toEqual({ removed: "conflict", state: "RUNNING" });
    expect(await persistence.job(running.id)).toBeDefined();
  });

  it("P-41: remembers that results were handed on as long as one of the jobs is there", async () => {
    const { persistence } = await open();
    const origin = await ended(persistence, "FAILURE");
    const retry = retryOf(origin);
    await persistence.post(retry);
    const owner = await owned(persistence, retry.id);
    await appended(persistence, appendOf(owner, 2, { changes: ENDED, state: "SUCCESS" }));

    await persistence.remove(retry.id);
    expect(await persistence.post(retryOf(origin))).toEqual({ posted: "spent", id: retry.id });
    expect(await persistence.retries(origin)).toEqual({ by: [retry.id] });
    await persistence.remove(origin);

    expect(await persistence.retries(origin)).toEqual({ by: [] });
    expect(await persistence.retries(retry.id)).toEqual({ by: [] });
  });

  it("P-41: removes what has been over for so long, of the states that are named", async ({
    skip,
  }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    const [good, bad] = [await ended(persistence), await ended(persistence, "FAILURE")];
    advance(10_000);
    const young = await ended(persistence);
    const old = { ageMs: 5_000 };

    const some = await persistence.removeOld({ ...old, states: ["FAILURE", "REVERTED"] });
    expect(some).toEqual({ removed: 1, more: false });
    expect(await persistence.job(bad)).toBeUndefined();
    expect(await persistence.removeOld(old)).toEqual({ removed: 1, more: false });
    expect(await persistence.job(good)).toBeUndefined();
    expect(await persistence.job(young)).toBeDefined();
  });
}

function testReprioritising(open: OpenPersistence): void {
  it("P-42: gives a job that waits another priority", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    const later = await posted(persistence, newJob({ runAt: (await persistence.now()) + 60_000 }));

    expect(await persistence.reprioritise(id, 7)).toEqual({ asked: "done", state: "WAITING" });
    expect(await persistence.reprioritise(id, 7)).toEqual({ asked: "done", state: "WAITING" });
    await persistence.reprioritise(later.id, -3);

    expect(await persistence.job(id)).toMatchObject({ priority: 7, state: "WAITING", token: 0 });
    expect(await persistence.job(later.id)).toMatchObject({ priority: -3, runAt: later.runAt });
  });

  it("P-42: leaves a job alone that does not wait", async () => {
    const { persistence } = await open();
    const running = await started(persistence);
    const over = await ended(persistence);

    const conflict = (state: string) => ({ asked: "conflict", state });
    expect(await persistence.reprioritise(running.id, 7)).toEqual(conflict("RUNNING"));
    expect(await persistence.reprioritise(over, 7)).toEqual(conflict("SUCCESS"));
    expect(await persistence.reprioritise("nobody", 7)).toEqual({ asked: "unknown" });
    expect(await persistence.job(running.id)).toMatchObject({ priority: 0 });
  });
}
