import { expect, it } from "vitest";
import { offered, type OpenBoard, put } from "./subject.js";

export function testLeaving(open: OpenBoard): void {
  it("makes an abandoned job claimable at once", async () => {
    const { board, other } = await open();
    const id = await put(board);
    await board.claim(id, "a.1");

    await board.abandon(id, "a.1");

    expect((await other.survey()).signatures).toHaveLength(1);
    expect(await other.claim(id, "b.1")).toBe("claimed");
  });

  it("lets another agent give up a claim by its name (P-40)", async () => {
    const { board, other } = await open();
    const id = await put(board);
    await board.claim(id, "a.1");

    for (const [job, claimId] of await other.held("a")) await other.abandon(job, claimId);

    expect(await other.claim(id, "b.1")).toBe("claimed");
    expect(await board.renew(new Map([[id, "a.1"]]))).toEqual(new Map([[id, "taken"]]));
  });

  it("makes a job abandoned with a delay claimable after it", async () => {
    const { board, other, advance } = await open();
    const id = await put(board);
    await board.claim(id, "a.1");
    await board.abandon(id, "a.1", 5_000);

    expect(await other.claim(id, "b.1")).toBe("taken");
    await advance(5_000);
    expect(await other.claim(id, "b.1")).toBe("claimed");
  });

  it("forgets a consumed job", async () => {
    const { board } = await open();
    const id = await put(board);
    await board.claim(id, "a.1");

    await board.consume(id, "a.1");

    expect(await board.exists([id])).toEqual(new Set());
    expect(await offered(board)).toEqual([]);
    expect(await board.claim(id, "a.2")).toBe("gone");
  });

  it("refuses every act of a former holder quietly", async () => {
    const { board, other, advance } = await open();
    const id = await put(board);
    await board.claim(id, "a.1");
    await advance(board.traits.leaseMs);
    await other.claim(id, "b.1");

    await board.consume(id, "a.1");
    await board.abandon(id, "a.1");

    expect(await other.renew(new Map([[id, "b.1"]]))).toEqual(new Map([[id, "ok"]]));
    expect(await board.claim(id, "c.1")).toBe("taken");
  });

  it("refuses an act of the same agent under an earlier claim", async () => {
    const { board } = await open();
    const id = await put(board);
    await board.claim(id, "a.1");
    await board.abandon(id, "a.1");
    await board.claim(id, "a.2");

    await board.abandon(id, "a.1");
    await board.consume(id, "a.1");

    expect(await board.renew(new Map([[id, "a.2"]]))).toEqual(new Map([[id, "ok"]]));
  });

  it("consumes nothing that nobody holds", async () => {
    const { board } = await open();
    const id = await put(board);

    await board.consume(id, "a.1");

    expect(await board.exists([id])).toEqual(new Set([id]));
  });

  it("removes entries that nobody holds, and no others", async () => {
    const { board, other, advance } = await open();
    const [free, held, ended] = [await put(board), await put(board), await put(board)];
    await board.claim(ended, "a.1");
    await advance(board.traits.leaseMs);
    await board.claim(held, "a.2");

    await other.remove([free, held, ended, "nobody"]);

    expect(await board.exists([free, held, ended])).toEqual(new Set([held]));
  });
}
