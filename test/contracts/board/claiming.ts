import { expect, it } from "vitest";
import { claimIdOf } from "../../../boards/board.js";
import { type OpenBoard, posting, put } from "./subject.js";

export function testClaiming(open: OpenBoard): void {
  it("lets one of 20 simultaneous claimers win", async () => {
    const { board, other } = await open();
    const id = await put(board);
    const claimIds = Array.from({ length: 20 }, (_, n) => claimIdOf(`inc${n}`, n));

    const answers = await Promise.all(
      claimIds.map((claimId, n) => (n % 2 === 0 ? board : other).claim(id, claimId)),
    );

    expect(answers.filter((answer) => answer === "claimed")).toHaveLength(1);
    expect(answers.filter((answer) => answer === "taken")).toHaveLength(19);
  });

  it("says claimed again to the same claimId, and taken to any other", async () => {
    const { board, other } = await open();
    const id = await put(board);

    expect(await board.claim(id, "a.1")).toBe("claimed");
    expect(await board.claim(id, "a.1")).toBe("claimed");
    expect(await board.claim(id, "a.2")).toBe("taken");
    expect(await other.claim(id, "b.1")).toBe("taken");
  });

  it("says gone of an entry that is not there", async () => {
    const { board } = await open();

    expect(await board.claim("nobody", "a.1")).toBe("gone");
    expect(await board.renew(new Map([["nobody", "a.1"]]))).toEqual(new Map([["nobody", "gone"]]));
  });

  it("keeps a claim that is renewed in time", async () => {
    const { board, other, advance, slackMs } = await open();
    const id = await put(board);
    await board.claim(id, "a.1");
    const step = board.traits.leaseMs - 1 - slackMs;

    for (let round = 0; round < 3; round += 1) {
      await advance(step);
      expect(await board.renew(new Map([[id, "a.1"]]))).toEqual(new Map([[id, "ok"]]));
    }

    expect(await other.claim(id, "b.1")).toBe("taken");
  });

  it("gives a job whose lease ended to the next, and tells the old holder", async () => {
    const { board, other, advance } = await open();
    const id = await put(board);
    await board.claim(id, "a.1");
    await advance(board.traits.leaseMs);

    expect(await other.claim(id, "b.1")).toBe("claimed");
    expect(await board.claim(id, "a.1")).toBe("taken");
    expect(await board.renew(new Map([[id, "a.1"]]))).toEqual(new Map([[id, "taken"]]));
    expect(await other.renew(new Map([[id, "b.1"]]))).toEqual(new Map([[id, "ok"]]));
  });

  it("renews a lease that ran out as long as nobody took the job", async () => {
    const { board, other, advance } = await open();
    const id = await put(board);
    await board.claim(id, "a.1");
    await advance(board.traits.leaseMs + 1);
    await other.survey();

    expect(await board.renew(new Map([[id, "a.1"]]))).toEqual(new Map([[id, "ok"]]));
    expect(await other.claim(id, "b.1")).toBe("taken");
  });

  it("answers each renewal for itself", async () => {
    const { board, other } = await open();
    const [mine, taken, free] = [await put(board), await put(board), await put(board)];
    await board.claim(mine, "a.1");
    await other.claim(taken, "b.1");

    const claims = new Map([mine, taken, free, "nobody"].map((id) => [id, "a.1"]));

    expect(await board.renew(claims)).toEqual(
      new Map([
        [mine, "ok"],
        [taken, "taken"],
        [free, "gone"],
        ["nobody", "gone"],
      ]),
    );
    expect(await board.renew(new Map())).toEqual(new Map());
  });

  it("reclaims an entry that is gone, by putting it", async () => {
    const { board, other } = await open();
    const made = posting();

    expect(await board.reclaim(made, "a.1")).toBe("claimed");
    expect(await board.reclaim(made, "a.1")).toBe("claimed");
    expect(await other.claim(made.id, "b.1")).toBe("taken");
    expect(await other.reclaim(made, "b.1")).toBe("taken");
  });

  it("reclaims an entry that a sweep has put back with a delay", async () => {
    const { board, other } = await open();
    const made = posting({ delayMs: 10_000 });
    await other.put([made]);

    expect(await board.reclaim(made, "a.1")).toBe("claimed");
    expect(await board.renew(new Map([[made.id, "a.1"]]))).toEqual(new Map([[made.id, "ok"]]));
  });

  it("says of a claim that it is held until its lease is over", async () => {
    const { board, other, advance } = await open();
    const id = await put(board);
    await board.claim(id, "a.1");

    expect(await other.held("a")).toEqual(new Map([[id, "a.1"]]));
    await advance(board.traits.leaseMs);
    expect(await other.held("a")).toEqual(new Map());
  });

  it("says which claims an incarnation holds, and no other's", async () => {
    const { board, other } = await open();
    const [one, two, three] = [await put(board), await put(board), await put(board)];
    await board.claim(one, claimIdOf("inc1", 1));
    await board.claim(two, claimIdOf("inc1", 12));
    await other.claim(three, claimIdOf("inc12", 1));

    expect(await other.held("inc1")).toEqual(
      new Map([
        [one, "inc1.1"],
        [two, "inc1.12"],
      ]),
    );
    expect(await board.held("inc")).toEqual(new Map());
  });
}
