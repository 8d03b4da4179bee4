import { mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { JobrunnerError } from "../../common/error.js";
import { until } from "../../scripts/lab/until.js";
import { claimable, openCluster, post } from "./sweeping.js";

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

  it("is made the cluster's by who found it empty, although the database failed just then", async () => {
    const cluster = await openCluster();
    await (await cluster.agent("alpha", "board-1")).sweep.sweep();
    const stranger = await cluster.agent("stranger", "board-2");
    const { boardId, setBoardId } = cluster.persistence;
    const down = () => Promise.reject(new JobrunnerError("PERSISTENCE_DOWN", "cut off"));

    // Whichever of the two questions it is that gets no answer.
    cluster.persistence.boardId = down;
    await expect(stranger.sweep.sweep()).rejects.toThrow("cut off");
    cluster.persistence.boardId = boardId;
    cluster.persistence.setBoardId = down;
    await expect(stranger.sweep.sweep()).rejects.toThrow("cut off");
    cluster.persistence.setBoardId = setBoardId;
    // Nor does its death just then.
    const again = await cluster.agent("stranger", "board-2");
    await again.sweep.sweep();

    expect(again.sweep.boardId).toBe((await again.board.identity()).id);
    expect(await cluster.persistence.boardId()).toBe(again.sweep.boardId);
  });

  it("is the one that an operator names, and open jobs are put on it", async () => {
    const cluster = await openCluster();
    await (await cluster.agent("alpha", "board-1")).sweep.sweep();
    const elsewhere = await openCluster();
    await (await elsewhere.agent("other", "board-1")).sweep.sweep();
    const stranger = await cluster.agent("stranger", "board-1", elsewhere.dir);
    await stranger.sweep.start();
    onTestFinished(() => stranger.sweep.stop());
    expect(stranger.sweep.boardId).toBeUndefined();
    const job = await post(cluster.persistence);
    const { here, inUse } = await stranger.sweep.boards();
    expect(here).not.toBe(inUse);

    expect(await stranger.sweep.useBoard()).toEqual({ here, inUse: here });
    await cluster.clock.advance(100);

    expect(stranger.sweep.boardId).toBe(here);
    expect(await cluster.persistence.boardId()).toBe(here);
    expect(await claimable(stranger.board)).toEqual([job.id]);
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
