import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { JobBoard } from "../../boards/board.js";
import { toSignature } from "../../common/job.js";
import { JobrunnerError } from "../../common/error.js";
import type { NewJob } from "../../persistence/persistence.js";
import { openSqlite } from "../../sqlite/open.js";
import { claimable, LEASE_MS, openCluster, post } from "./sweeping.js";

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

  it("ends jobs that nobody started in time, and takes them off the board (P-44)", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    const startBy = cluster.clock.now() + 5_000;
    const [late, other] = [
      await post(cluster.persistence, { startBy }),
      await post(cluster.persistence, { startBy: startBy + 1 }),
    ];
    await alpha.sweep.sweep();
    expect(await claimable(alpha.board)).toEqual([late.id, other.id]);
    await cluster.clock.advance(5_000);

    alpha.sweep.wake();
    await alpha.sweep.sweep();

    expect(await claimable(alpha.board)).toEqual([other.id]);
    expect(await cluster.persistence.job(late.id)).toMatchObject({
      ...{ state: "CANCELLED", reason: { code: "EXPIRED" } },
    });
    expect(alpha.told.map(({ type }) => type)).toContain("job.finished");
  });

  it("offers slots that somebody freed who died before he could (P-45)", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    await alpha.sweep.sweep();
    const concurrency = { key: "disk", limit: 1 };
    const [ended, waits] = [
      await post(cluster.persistence, { concurrency }),
      await post(cluster.persistence, { concurrency }),
    ];
    const who = { owner: "x.1", agent: "x", machine: "m" };
    const raise = { job: ended.id, seen: 0, boardId: alpha.sweep.boardId ?? "", ...who };
    await cluster.persistence.raiseControlled(raise, ended);
    const signature = toSignature(waits.needs);
    await alpha.board.put([{ id: waits.id, signature, priority: 0, delayMs: 600_000 }]);
    alpha.sweep.wake();
    await alpha.sweep.sweep();
    expect(await claimable(alpha.board)).toEqual([]);
    await cluster.persistence.append([
      {
        ...{ job: ended.id, seq: 1, token: 1, owner: who.owner, repeated: false },
        ...{ changes: [{ change: "flow", to: "SUCCESS" }], state: "SUCCESS" },
      },
    ]);

    alpha.sweep.wake();
    await alpha.sweep.sweep();

    expect(await claimable(alpha.board)).toEqual([waits.id]);
  });

  it("leaves a job with an owner to that owner for one lease (P-31, P-23)", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    await alpha.sweep.sweep();
    const job = await post(cluster.persistence);
    const boardId = alpha.sweep.boardId ?? "";
    const who = { owner: "x.1", agent: "x", machine: "m" };
    await cluster.persistence.raise({ job: job.id, seen: 0, boardId, ...who });

    alpha.sweep.wake();
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

describe("a look at the board (P-31)", () => {
  it("that finds another identity, or a new connection, has the sweep look at once", async () => {
    const cluster = await openCluster();
    const alpha = await cluster.agent("alpha", "board-1");
    await alpha.sweep.start();
    onTestFinished(() => alpha.sweep.stop());
    const job = await post(cluster.persistence);
    const survey = await alpha.board.survey();
    expect(survey.boardId).toBe(alpha.sweep.boardId);

    alpha.sweep.surveyed(survey);
    await cluster.clock.advance(1_000);
    expect(await claimable(alpha.board)).toEqual([]);

    alpha.sweep.surveyed({ ...survey, reconnects: 1 });
    await cluster.clock.advance(0);
    expect(await claimable(alpha.board)).toEqual([job.id]);

    const looks: unknown[] = [];
    const { identity } = alpha.board;
    alpha.board.identity = () => {
      looks.push(1);
      return identity.call(alpha.board);
    };
    alpha.sweep.surveyed({ signatures: [], reconnects: 1 });
    await cluster.clock.advance(0);
    expect(looks).toHaveLength(1);
  });
});

describe("the regular sweep (P-31)", () => {
  it("is made by one agent, and by another when that one is gone", async () => {
    const cluster = await openCluster();
    const agents = [
      await cluster.agent("alpha", "board-1"),
      await cluster.agent("beta", "board-1"),
      await cluster.agent("gamma", "board-1"),
    ];
    const sweeps = agents.map(() => 0);
    agents.forEach(({ board }, n) => {
      const { inventory } = board;
      board.inventory = () => {
        sweeps[n] = (sweeps[n] ?? 0) + 1;
        return inventory.call(board);
      };
    });
    for (const { sweep } of agents) {
      await sweep.start();
      onTestFinished(() => sweep.stop());
    }
    expect(sweeps).toEqual([1, 1, 1]);

    await cluster.clock.advance(60_000);
    const all = (): number => sweeps.reduce((sum, each) => sum + each, 0);
    expect(all()).toBe(3 + 2);

    const first = sweeps.findIndex((each) => each > 1);
    await agents[first]?.sweep.stop();
    const job = await post(cluster.persistence);
    await cluster.clock.advance(30_000);
    expect(all()).toBe(3 + 3);
    expect(await claimable(agents[0]?.board as JobBoard)).toEqual([job.id]);
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
    expect([alpha.sweep.persistenceOk, alpha.recovered()]).toEqual([false, 1]);

    readOnly.mockRestore();
    await cluster.clock.advance(1_000);
    expect([alpha.sweep.persistenceOk, alpha.recovered()]).toEqual([true, 2]);
    await cluster.clock.advance(60_000);
    expect(alpha.recovered()).toBe(2);
  });

  it("notices that a newer agent took something away, and claims nothing from then on", async () => {
    const cluster = await openCluster();
    const { persistence, dir } = cluster;
    const alpha = await cluster.agent("alpha", "board-1");
    await alpha.sweep.start();
    onTestFinished(() => alpha.sweep.stop());
    await using newer = await openSqlite(`${dir}/jobs.db`);
    const table = "jobrunner_migrations";
    await newer.database.write((sql) =>
      sql.exec(`INSERT INTO ${table} (name, batch) VALUES ('999-breaking-later', 9)`),
    );

    await cluster.clock.advance(35_000);

    expect(alpha.sweep.persistenceOk).toBe(false);
    const lines = alpha.log.filter((line) => line.includes("999-breaking-later"));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      hint: expect.stringContaining("Upgrade jobrunner on this machine") as string,
    });
    await expect(persistence.check()).rejects.toThrow("999-breaking-later");
    await newer.database.write((sql) => sql.exec(`DELETE FROM ${table} WHERE batch = 9`));
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
