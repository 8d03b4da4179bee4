import { expect, it } from "vitest";
import type { JobBoard, Survey } from "../../../boards/board.js";
import { offered, type OpenBoard, posting, put } from "./subject.js";

const HELLO = '[1,"hello",1]';
const WEB = '[1,"web",1,["port_is_free",8080]]';

async function idsUnder(
  board: JobBoard,
  ...signatures: readonly string[]
): Promise<readonly string[]> {
  return (await board.candidates(signatures, 100)).map(({ id }) => id);
}

/** Nothing is claimable, and something will be in about `ms`. */
function expectNext({ signatures, nextInMs }: Survey, ms: number, slackMs: number): void {
  expect(signatures).toEqual([]);
  expect(nextInMs).toBeGreaterThanOrEqual(ms - slackMs);
  expect(nextInMs).toBeLessThanOrEqual(ms);
}

export function testMatching(open: OpenBoard): void {
  it("surveys nothing on an empty board", async () => {
    const { board } = await open();

    expect(await board.survey()).toEqual({ signatures: [] });
  });

  it("asks once for all jobs with the same requirements", async () => {
    const { board } = await open();
    for (let index = 0; index < 5; index += 1) await put(board, { signature: HELLO });
    await put(board, { signature: WEB });

    expect([...(await board.survey()).signatures].sort()).toEqual([HELLO, WEB]);
  });

  it("names only jobs of the signatures asked for, and says which", async () => {
    const { board } = await open();
    const hello = await put(board, { signature: HELLO });
    const web = await put(board, { signature: WEB });

    expect(await board.candidates([WEB], 10)).toEqual([{ id: web, signature: WEB }]);
    expect(await idsUnder(board, HELLO, WEB)).toEqual([hello, web]);
    expect(await idsUnder(board, '[1,"none",1]')).toEqual([]);
    expect(await idsUnder(board)).toEqual([]);
  });

  it("gives the best priority first, then the oldest, over all signatures", async () => {
    const { board } = await open();
    const made = Array.from({ length: 40 }, (_, index) =>
      posting({ signature: index % 2 === 0 ? HELLO : WEB, priority: (index * 7) % 5 }),
    );
    await board.put([...made].reverse());
    const expected = [...made]
      .sort((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1))
      .map(({ id }) => id);

    expect(await idsUnder(board, HELLO, WEB)).toEqual(expected);
    expect(await idsUnder(board, WEB, HELLO)).toEqual(expected);
    const few = await board.candidates([WEB, HELLO], 7);
    expect(few.map(({ id }) => id)).toEqual(expected.slice(0, 7));
  });

  it("shows a delayed job when its time has come, and says when that is", async () => {
    const { board, advance, slackMs } = await open();
    const id = await put(board, { delayMs: 3_000 });

    expectNext(await board.survey(), 3_000, slackMs);
    expect(await idsUnder(board, HELLO)).toEqual([]);
    expect(await board.claim(id, "a.1")).toBe("taken");

    await advance(2_999 - slackMs);
    expect(await offered(board)).toEqual([]);

    await advance(1 + slackMs);
    expect(await board.survey()).toEqual({ signatures: [HELLO] });
    expect(await idsUnder(board, HELLO)).toEqual([id]);
    expect(await board.claim(id, "a.2")).toBe("claimed");
  });

  it("lets a job be claimed as soon as its delay is over, without a look before", async () => {
    const { board, advance } = await open();
    const id = await put(board, { delayMs: 3_000 });

    await advance(3_000);

    expect(await board.claim(id, "a.1")).toBe("claimed");
    expect(await offered(board)).toEqual([]);
  });

  it("hides claimed jobs until their lease ends", async () => {
    const { board, advance, slackMs } = await open();
    const id = await put(board);
    expect(await offered(board)).toEqual([id]);
    await board.claim(id, "a.1");

    expectNext(await board.survey(), board.traits.leaseMs, slackMs);
    expect(await idsUnder(board, HELLO)).toEqual([]);

    await advance(board.traits.leaseMs);
    expect((await board.survey()).signatures).toEqual([HELLO]);
    expect(await idsUnder(board, HELLO)).toEqual([id]);
  });

  it("shows all of very many jobs that become claimable at once", async () => {
    const { board, advance } = await open();
    const made = Array.from({ length: 500 }, () => posting({ delayMs: 3_000 }));
    await board.put(made);
    await advance(3_000);

    const seen = new Set<string>();
    // A board may bring a part of them with each look, and says then that there is more.
    for (let look = 0; look < 10 && seen.size < made.length; look += 1) {
      const { signatures, nextInMs } = await board.survey();
      for (const { id } of await board.candidates(signatures, 1_000)) seen.add(id);
      if (seen.size < made.length) expect(nextInMs).toBe(0);
    }

    expect(seen.size).toBe(made.length);
    expect(await board.survey()).toEqual({ signatures: [HELLO] });
  });

  it("puts an entry once, whatever has become of it", async () => {
    const { board, other } = await open();
    const made = posting();

    await Promise.all([board.put([made, made]), other.put([made])]);
    await board.claim(made.id, "a.1");
    await other.put([made]);

    expect(await idsUnder(board, HELLO)).toEqual([]);
    expect(await board.renew(new Map([[made.id, "a.1"]]))).toEqual(new Map([[made.id, "ok"]]));
  });

  it("knows which entries exist", async () => {
    const { board } = await open();
    const here = await put(board);

    expect(await board.exists([here, "nobody"])).toEqual(new Set([here]));
    expect(await board.exists([])).toEqual(new Set());
  });

  it("keeps one identity, which the first to ask has stamped", async () => {
    const { board, other } = await open();

    const first = await board.identity();
    const second = await other.identity();

    expect(first.stamped).toBe(true);
    expect(second).toEqual({ id: first.id, stamped: false });
  });
}
