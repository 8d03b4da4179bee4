import { describe, expect, it } from "vitest";
import { toSignature } from "../../common/job.js";
import { JobrunnerError } from "../../common/error.js";
import { createCommitter } from "../../persistence/committer.js";
import { appended, appendOf, newJob, owned, posted, raiseOf } from "../contracts/samples.js";
import { openApart, openSteered, tempFile } from "../contracts/sqlite.js";
import { gate, openWorld } from "./world.js";

describe("schedules that must not happen", () => {
  it("V-1: after a wipe of the board the next owner has a higher token, the old one is out", async () => {
    const world = await openWorld();
    const { id, needs } = await world.post();
    const { entered, open, body } = gate();
    const alpha = world.agent("alpha", { b: body });
    const claim = await alpha.claim(id);
    const working = alpha.execute(claim);
    await entered;
    await world.board.consume(id, claim.claimId);
    await world.board.put([{ id, signature: toSignature(needs), priority: 0, delayMs: 0 }]);

    await world.agent("beta").work(id);
    open();
    await working;

    expect(world.calls).toEqual(["alpha: a", "alpha: b", "beta: b", "beta: c"]);
    const entries = await world.persistence.load(id);
    expect(entries.map(({ token }) => token)).toEqual([1, 1, 2, 2, 2]);
  });

  it("V-2: a stale entry of a job that is over runs nothing again", async () => {
    const world = await openWorld();
    const { id, needs } = await world.post();
    await world.agent("alpha").work(id);
    await world.board.put([{ id, signature: toSignature(needs), priority: 0, delayMs: 0 }]);

    await world.agent("beta").work(id);

    expect(world.calls.filter((call) => call.startsWith("beta"))).toEqual([]);
    expect(await world.claimable()).toEqual([]);
  });

  it("V-2: nor does one whose rows are gone", async () => {
    const world = await openWorld();
    const stranger = newJob();
    const signature = toSignature(stranger.needs);
    await world.board.put([{ id: stranger.id, signature, priority: 0, delayMs: 0 }]);

    await world.agent("alpha").work(stranger.id);

    expect(world.calls).toEqual([]);
    expect(await world.claimable()).toEqual([]);
  });

  it("V-3: an append and a raise of two processes never both win", async () => {
    const path = tempFile();
    const { persistence } = await openSteered({ path });
    const other = await openApart(path);
    for (let round = 0; round < 50; round += 1) {
      const { id } = await posted(persistence);
      const first = await owned(persistence, id);

      const append = appended(persistence, appendOf(first, 1));
      const raise = other.raise(raiseOf(id, first.token));
      const [{ accepted }, token] = await Promise.all([append, raise]);
      const loaded = await other.load(id);

      expect(token).toBe(2);
      // Accepted before the raise, and loaded; or refused after it. Never accepted and unseen.
      expect(loaded).toHaveLength(accepted ? 1 : 0);
    }
  });

  it("V-4, P-19: an append without an answer is never followed by another at its place", async () => {
    const { persistence } = await openSteered();
    const { id } = await posted(persistence);
    const owner = await owned(persistence, id);
    const sent: unknown[] = [];
    await using committer = createCommitter(
      {
        append: async (appends) => {
          sent.push(...appends.map(({ seq, changes }) => ({ seq, changes })));
          const verdicts = await persistence.append(appends);
          if (sent.length === 1) throw new JobrunnerError("PERSISTENCE_DOWN", "the answer is lost");
          return verdicts;
        },
      },
      { sleep: () => Promise.resolve() },
    );

    const verdict = await committer.append(appendOf(owner, 1));

    expect(verdict).toEqual({ accepted: true });
    expect(sent[1]).toEqual(sent[0]);
    expect(await persistence.load(id)).toHaveLength(1);
  });

  it("V-5: an entry that a dead runner left in the queue dies at the fence", async () => {
    const { persistence } = await openSteered();
    const { id } = await posted(persistence);
    const dead = await owned(persistence, id);
    await using committer = createCommitter(persistence);

    const next = await owned(persistence, id);
    const folded = await persistence.load(id);
    const queued = await committer.append(appendOf(dead, 1));

    expect(queued).toEqual({ accepted: false });
    expect(await persistence.load(id)).toEqual(folded);
    expect(next.token).toBe(dead.token + 1);
  });

  it("V-6: a job is not held for as long as an agent lives that was refused", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    const alpha = world.agent("alpha", {
      a: () => {
        throw new JobrunnerError("OWNERSHIP_LOST", "refused");
      },
    });

    const claim = await alpha.claim(id);
    await alpha.execute(claim);

    expect(alpha.claims.knows(claim.claimId)).toBe(false);
    expect(await world.board.held("alpha")).toEqual(new Map());
    expect(await world.claimable()).toEqual([id]);
  });

  it("V-8, P-15: an owner that stops with an append half formed keeps no row locked", async () => {
    const path = tempFile();
    const { persistence } = await openSteered({ path });
    const other = await openApart(path);
    const { id } = await posted(persistence);
    const owner = await owned(persistence, id);

    // Asked for, and the client does not get to run again before the other one has raised.
    const pending = persistence.append([appendOf(owner, 1)]);
    const token = await other.raise(raiseOf(id, owner.token));
    await pending;

    expect(token).toBe(2);
  });
});
