import { mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import pino from "pino";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Claims, createClaims } from "../../agent/claims.js";
import { Sweep } from "../../agent/sweep.js";
import type { JobBoard } from "../../boards/board.js";
import { openBoard } from "../../boards/open.js";
import { JobrunnerError } from "../../common/error.js";
import { openPersistence } from "../../persistence/open.js";
import type { NewJob, Persistence } from "../../persistence/persistence.js";
import { until } from "../../scripts/lab/until.js";
import { FakeClock } from "../support/fake-clock.js";
import { newJob } from "../contracts/samples.js";
import { tempDir } from "../support/temp.js";

const LEASE_MS = 10_000;

describe("the sweep", () => {
  it("puts open jobs back that their board lost, and only those (P-31)", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    const waiting = await post(cluster.persistence);
    const suspended = await post(cluster.persistence);
    await cluster.persistence.suspend(suspended.id);
    const later = await post(cluster.persistence, { runAt: cluster.clock.now() + 60_000 });

    await alpha.sweep.sweep();

    expect(await claimable(alpha.board)).toEqual([waiting.id]);
    const there = await alpha.board.exists([waiting.id, suspended.id, later.id]);
    expect([...there].sort()).toEqual([waiting.id, later.id].sort());
    await cluster.clock.advance(60_000);
    expect(await claimable(alpha.board)).toEqual([waiting.id, later.id]);
  });

  it("leaves a job with an owner to that owner for one lease (P-31, P-23)", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    await alpha.sweep.sweep();
    const job = await post(cluster.persistence);
    const boardId = alpha.sweep.boardId ?? "";
    const who = { owner: "x.1", agent: "x", machine: "m" };
    await cluster.persistence.raise({ job: job.id, seen: 0, boardId, ...who });

    await alpha.sweep.sweep();

    expect(await claimable(alpha.board)).toEqual([]);
    await cluster.clock.advance(LEASE_MS);
    expect(await claimable(alpha.board)).toEqual([job.id]);
  });

  it("gives back what the board says is ours and nobody here works on (P-27)", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    const job = await post(cluster.persistence);
    await alpha.sweep.sweep();
    // The answer to this claim was lost on the way.
    expect(await alpha.board.claim(job.id, "alpha.99")).toBe("claimed");
    expect(await claimable(alpha.board)).toEqual([]);

    await alpha.sweep.sweep();

    expect(await claimable(alpha.board)).toEqual([job.id]);
  });

  it("does not give back a claim that is held", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    const job = await post(cluster.persistence);
    await alpha.sweep.sweep();
    expect(await alpha.claims.claim(job.id)).toMatchObject({ job: job.id });

    await alpha.sweep.sweep();

    expect(await claimable(alpha.board)).toEqual([]);
  });
});

describe("the sweep's pace", () => {
  it("sweeps again soon when it is woken in the middle of a sweep (P-2)", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    await alpha.sweep.start();
    onTestFinished(() => alpha.sweep.stop());
    const first = await post(cluster.persistence);
    const { put } = alpha.board;
    let late: NewJob | undefined;
    alpha.board.put = async (postings) => {
      alpha.board.put = put;
      await put.call(alpha.board, postings);
      // The sweep has looked at all there is. Now a job comes whose own put fails.
      late = await post(cluster.persistence);
      alpha.sweep.wake();
    };

    alpha.sweep.wake();
    await cluster.clock.advance(100);

    expect(await claimable(alpha.board)).toEqual([first.id, late?.id]);
  });

  it("sweeps again soon after the board did not answer", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    await alpha.sweep.start();
    onTestFinished(() => alpha.sweep.stop());
    const job = await post(cluster.persistence);
    const { exists } = alpha.board;
    alpha.board.exists = () => {
      alpha.board.exists = exists;
      return Promise.reject(new JobrunnerError("BOARD_DOWN", "cut off"));
    };

    alpha.sweep.wake();
    await cluster.clock.advance(2_000);

    expect(await claimable(alpha.board)).toEqual([job.id]);
  });

  it("P-35: keeps from claiming while persistence is read and cannot be written", async () => {
    const cluster = await openCluster();
    const { persistence } = cluster;
    const alpha = await cluster.agent("alpha", "board-1");
    await alpha.sweep.start();
    onTestFinished(() => alpha.sweep.stop());
    const readOnly = vi
      .spyOn(persistence, "check")
      .mockRejectedValue(new JobrunnerError("PERSISTENCE_DOWN", "is read-only"));

    alpha.sweep.persistenceDown();
    await cluster.clock.advance(3_000);
    expect(alpha.sweep.persistenceOk).toBe(false);

    readOnly.mockRestore();
    await cluster.clock.advance(1_000);
    expect(alpha.sweep.persistenceOk).toBe(true);
  });

  it("waits for its turn when nobody wakes it", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    await alpha.sweep.start();
    onTestFinished(() => alpha.sweep.stop());
    const job = await post(cluster.persistence);

    await cluster.clock.advance(20_000);
    expect(await claimable(alpha.board)).toEqual([]);
    await cluster.clock.advance(10_000);
    expect(await claimable(alpha.board)).toEqual([job.id]);
  });
});

describe("the board in use (P-30)", () => {
  it("is that of the first agent, and every other agent on it agrees", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    const beta = await cluster.agent("beta", "board-1");

    await alpha.sweep.sweep();
    await beta.sweep.sweep();

    expect(alpha.sweep.boardId).toBe((await alpha.board.identity()).id);
    expect(beta.sweep.boardId).toBe(alpha.sweep.boardId);
  });

  it("changes when an agent that used the old one finds it wiped", async () => {
    const cluster = await openCluster();
    const before = await cluster.agent("alpha", "board-1");
    await before.sweep.sweep();

    const after = await cluster.agent("alpha", "board-2");
    await after.sweep.sweep();

    expect(after.sweep.boardId).toBe((await after.board.identity()).id);
    expect(after.sweep.boardId).not.toBe(before.sweep.boardId);
    expect(await cluster.persistence.boardId()).toBe(after.sweep.boardId);
  });

  it("is remembered by the next sweep when writing it down failed once", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    const file = join(cluster.dir, "state-alpha", "board-id");
    mkdirSync(file); // As a full disk does: nothing can be written there.
    await expect(alpha.sweep.sweep()).rejects.toThrow("EISDIR");
    rmdirSync(file);

    await alpha.sweep.sweep();

    expect(readFileSync(file, "utf8")).toBe(alpha.sweep.boardId);
  });

  it("keeps agents that are left on another board from claiming (V-7)", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    const beta = await cluster.agent("beta", "board-1");
    await alpha.sweep.sweep();
    await beta.sweep.sweep();

    const moved = await cluster.agent("alpha", "board-2");
    await moved.sweep.sweep();
    await beta.sweep.sweep();

    expect(moved.sweep.boardId).toBe((await moved.board.identity()).id);
    expect(beta.sweep.boardId).toBeUndefined();
    expect(beta.sweep.disagreement).toContain(moved.sweep.boardId);
  });

  it("is doubted at once when a raise finds another one, and agreed on again by a sweep", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    await alpha.sweep.start();
    onTestFinished(() => alpha.sweep.stop());
    const { id } = await alpha.board.identity();

    alpha.sweep.boardDiffers();
    expect(alpha.sweep.boardId).toBeUndefined();
    const agreed = await until(() => alpha.sweep.boardId, { withinMs: 5_000 });

    expect(agreed).toBe(id);
  });

  it("is not taken over by a stranger whose board others have filled", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    await alpha.sweep.sweep();
    const elsewhere = await openCluster();
    const other = await elsewhere.agent("other", "board-1");
    await other.sweep.sweep();

    const stranger = await cluster.agent("stranger", "board-1", elsewhere.dir);
    await stranger.sweep.sweep();

    expect(stranger.sweep.boardId).toBeUndefined();
    expect(await cluster.persistence.boardId()).toBe(alpha.sweep.boardId);
  });
});

async function openCluster() {
  const dir = tempDir();
  const clock = new FakeClock();
  const persistence = await openPersistence(`sqlite:${dir}/jobs.db`, { now: () => clock.now() });
  onTestFinished(() => persistence[Symbol.asyncDispose]());
  const agent = (name: string, board: string, boardDir = dir) =>
    openAgent({ persistence, clock, name, dir, boardFile: join(boardDir, `${board}.db`) });
  return { dir, clock, persistence, agent };
}

interface AgentOptions {
  readonly persistence: Persistence;
  readonly clock: FakeClock;
  readonly name: string;
  readonly dir: string;
  readonly boardFile: string;
}

async function openAgent({ persistence, clock, name, dir, boardFile }: AgentOptions) {
  const board = await openBoard(`sqlite:${boardFile}`, {
    leaseMs: LEASE_MS,
    clock: { now: () => clock.monotonic(), era: "test" },
  });
  const log = pino({ level: "silent" });
  const directory = join(dir, `state-${name}`);
  mkdirSync(directory, { recursive: true });
  const claims: Claims = createClaims({
    ...{ board, clock, log },
    incarnation: name,
    renewed: () => undefined,
  });
  const sweep = new Sweep({
    ...{ board, persistence, claims, clock, log, directory },
    incarnation: name,
    random: () => 0,
  });
  onTestFinished(async () => {
    await claims[Symbol.asyncDispose]();
    await board[Symbol.asyncDispose]();
  });
  return { board, claims, sweep };
}

async function post(persistence: Persistence, more: Partial<NewJob> = {}): Promise<NewJob> {
  const job = newJob(more);
  await persistence.post(job);
  return job;
}

async function claimable(board: JobBoard): Promise<readonly string[]> {
  const { signatures } = await board.survey();
  return (await board.candidates(signatures, 100)).map(({ id }) => id);
}
