import { expect, it } from "vitest";
import { offered, type OpenBoard, posting, put } from "./subject.js";

/* What a network does to the acts: answers get lost, and messages arrive late or twice. */

export function testLate(open: OpenBoard): void {
  it("never gives a second holder to a job whose claim's answer was lost", async () => {
    const { board, other } = await open();
    const id = await put(board);
    await board.claim(id, "a.1"); // The answer is lost.

    expect(await other.claim(id, "b.1")).toBe("taken");
    expect(await board.claim(id, "a.1")).toBe("claimed");
    expect(await other.held("a")).toEqual(new Map([[id, "a.1"]]));
    expect(await other.held("b")).toEqual(new Map());
  });

  it("shows a claim that arrived after it was given up, and takes it back", async () => {
    const { board, other } = await open();
    const id = await put(board);
    await board.claim(id, "a.1");
    await board.abandon(id, "a.1");
    await board.claim(id, "a.1"); // The first message again, late: nobody waits for it.

    expect(await other.claim(id, "b.1")).toBe("taken");
    const held = await board.held("a");
    for (const [job, claimId] of held) await board.abandon(job, claimId);

    expect(held).toEqual(new Map([[id, "a.1"]]));
    expect(await other.claim(id, "b.1")).toBe("claimed");
  });

  it("ends a claim that nobody gives back with its lease", async () => {
    const { board, other, advance } = await open();
    const id = await put(board);
    await board.claim(id, "a.1"); // Its agent has died.

    await advance(board.traits.leaseMs);

    expect(await other.claim(id, "b.1")).toBe("claimed");
    expect(await other.held("a")).toEqual(new Map());
    expect(await other.held("b")).toEqual(new Map([[id, "b.1"]]));
  });

  it("refuses a claim that arrives after the job was consumed", async () => {
    const { board, other } = await open();
    const id = await put(board);
    await other.claim(id, "b.1");
    await other.consume(id, "b.1");

    expect(await board.claim(id, "a.1")).toBe("gone");
    expect(await board.renew(new Map([[id, "a.1"]]))).toEqual(new Map([[id, "gone"]]));
    expect(await board.exists([id])).toEqual(new Set());
  });

  it("leaves the next holder alone when acts of the last arrive late or twice", async () => {
    const { board, other } = await open();
    const id = await put(board);
    await board.claim(id, "a.1");
    await board.abandon(id, "a.1");
    await other.claim(id, "b.1");

    await board.abandon(id, "a.1");
    await board.consume(id, "a.1");
    expect(await board.reclaim(posting({ id }), "a.1")).toBe("taken");
    expect(await board.renew(new Map([[id, "a.1"]]))).toEqual(new Map([[id, "taken"]]));

    expect(await other.renew(new Map([[id, "b.1"]]))).toEqual(new Map([[id, "ok"]]));
    expect(await offered(board)).toEqual([]);
  });

  it("consumes once, and a second time quietly", async () => {
    const { board } = await open();
    const id = await put(board);
    await board.claim(id, "a.1");

    await board.consume(id, "a.1");
    await board.consume(id, "a.1");

    expect(await board.held("a")).toEqual(new Map());
  });

  it("takes a putting that arrives after the end for a new entry, as persistence decides", async () => {
    const { board } = await open();
    const made = posting();
    await board.put([made]);
    await board.claim(made.id, "a.1");
    await board.consume(made.id, "a.1");

    await board.put([made]);

    expect(await board.exists([made.id])).toEqual(new Set([made.id]));
    await board.remove([made.id]);
    expect(await offered(board)).toEqual([]);
  });

  it("never has two holders, whatever 6 agents do at once", async () => {
    const { board, other, advance } = await open();
    const ids = [await put(board), await put(board), await put(board)];
    for (let round = 0; round < 10; round += 1) {
      const wins = await Promise.all(
        ids.map(async (id) => {
          const claims = Array.from({ length: 6 }, async (_, agent) => {
            const claimId = `agent${agent}.${round}`;
            const at = agent % 2 === 0 ? board : other;
            return (await at.claim(id, claimId)) === "claimed" ? [claimId] : [];
          });
          return (await Promise.all(claims)).flat();
        }),
      );
      expect(wins.map((claimIds) => claimIds.length)).toEqual([1, 1, 1]);
      const [first = "", second = ""] = wins.flat();
      await board.abandon(ids[0] ?? "", first);
      await other.abandon(ids[1] ?? "", second);
      await advance(board.traits.leaseMs);
    }
  });
}
