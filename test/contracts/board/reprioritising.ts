import { expect, it } from "vitest";
import type { JobBoard } from "../../../boards/board.js";
import { offered, type OpenBoard, put } from "./subject.js";

async function order(board: JobBoard): Promise<readonly string[]> {
  const { signatures } = await board.survey();
  return (await board.candidates(signatures, 10)).map(({ id }) => id);
}

export function testReprioritising(open: OpenBoard): void {
  it("moves a claimable job among the others, for every agent", async () => {
    const { board, other } = await open();
    const [a, b, c] = [await put(board), await put(board, { priority: 5 }), await put(board)];
    expect(await order(other)).toEqual([b, a, c]);

    await board.reprioritise(c, 7);
    await other.reprioritise(b, -1);

    expect(await order(board)).toEqual([c, a, b]);
    expect(await order(other)).toEqual([c, a, b]);
  });

  it("may be asked again", async () => {
    const { board } = await open();
    const [a, b] = [await put(board), await put(board)];

    await board.reprioritise(b, 3);
    await board.reprioritise(b, 3);

    expect(await order(board)).toEqual([b, a]);
    expect(await board.claim(b, "a.1")).toBe("claimed");
    expect(await order(board)).toEqual([a]);
  });

  it("leaves a delayed job delayed, and gives it its place when it is due", async () => {
    const { board, advance } = await open();
    const [a, b] = [await put(board), await put(board, { delayMs: 60_000 })];

    await board.reprioritise(b, 9);

    expect(await order(board)).toEqual([a]);
    await advance(60_000);
    expect(await order(board)).toEqual([b, a]);
  });

  it("leaves the claim of a held job as it is, and counts once it is given back", async () => {
    const { board, other } = await open();
    const [a, b] = [await put(board), await put(board)];
    await board.claim(b, "a.1");

    await other.reprioritise(b, 4);

    expect(await order(other)).toEqual([a]);
    expect(await board.renew(new Map([[b, "a.1"]]))).toEqual(new Map([[b, "ok"]]));
    await board.abandon(b, "a.1");
    expect(await order(other)).toEqual([b, a]);
  });

  it("counts for a job whose holder has died", async () => {
    const { board, other, advance } = await open();
    const [a, b] = [await put(board), await put(board)];
    await board.claim(b, "a.1");
    await advance(board.traits.leaseMs);

    await other.reprioritise(b, 4);

    expect(await order(other)).toEqual([b, a]);
    expect(await other.claim(b, "b.1")).toBe("claimed");
  });

  it("makes no entry where there is none", async () => {
    const { board } = await open();

    await board.reprioritise("nobody", 4);

    expect(await board.exists(["nobody"])).toEqual(new Set());
    expect(await offered(board)).toEqual([]);
  });
}
