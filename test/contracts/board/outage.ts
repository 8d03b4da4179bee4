import { describe, expect, it } from "vitest";
import { until } from "../../../scripts/lab/until.js";
import type { JobBoard } from "../../../boards/board.js";
import { type BoardUnderTest, posting, put } from "./subject.js";

/** A board that outlives what serves it. */
export interface LastingBoard extends BoardUnderTest {
  /** As a power cut: nothing is said to anybody. */
  kill(): Promise<void>;
  /** On the same address and data. */
  start(): Promise<void>;
  /** All data is gone. */
  wipe(): Promise<void>;
  /** Who waits is told by a message, which may be missed, and not by what the data says. */
  readonly missesMessages: boolean;
}

/** A board with a server of its own, which the test may treat badly. */
export interface BoardOnServer extends LastingBoard {
  freeze(): void;
  thaw(): void;
}

type Open<T> = () => Promise<T>;

/** Longest time a call may take to say BOARD_DOWN, milliseconds. */
const DOWN_WITHIN_MS = 4_000;
/** The same of a call that gives a claim up: it is tried again for as long as an election takes. */
const LEFT_WITHIN_MS = 8_000;
/** Longest time that closing a board may take while its server is gone, milliseconds. */
const CLOSED_WITHIN_MS = 4_000;
/** Longest time until an open board works again after its server does, milliseconds. */
const BACK_WITHIN_MS = 10_000;

/** What a board whose data outlives its server must do when that server fails. */
export function testBoardOutage(open: Open<BoardOnServer>): void {
  testLastingBoard(open);
  describe("a server that is gone or frozen", () => testSilence(open));
}

/** The same of a board that needs no server. */
export function testLastingBoard(open: Open<LastingBoard>): void {
  describe("restarts", () => testRestart(open));
  describe("the loss of all data (P-30)", () => testWipe(open));
}

function back(...boards: readonly JobBoard[]): Promise<unknown> {
  const answers = (): Promise<unknown> => Promise.all(boards.map((board) => board.survey()));
  return until(answers, { withinMs: BACK_WITHIN_MS, what: "the board to answer" });
}

function testRestart(open: Open<LastingBoard>): void {
  it("keeps a job of every state, and the board's identity", async () => {
    const { board, other, advance, kill, start } = await open();
    const { id: identity } = await board.identity();
    const [ready, held, expired] = [await put(board), await put(board), await put(board)];
    const [delayed, later, over] = [posting({ delayMs: 60_000 }), posting(), posting()];
    await board.put([delayed, later, over]);
    await board.claim(expired, "dead.1");
    await advance(board.traits.leaseMs);
    await board.claim(held, "a.1");
    await board.claim(later.id, "a.2");
    await board.abandon(later.id, "a.2", 60_000);
    await board.claim(over.id, "a.3");
    await board.consume(over.id, "a.3");

    await kill();
    await start();
    await back(board, other);

    expect(await other.identity()).toEqual({ id: identity, stamped: false });
    expect(await other.held("a")).toEqual(new Map([[held, "a.1"]]));
    const { signatures } = await other.survey();
    const claimable = (await other.candidates(signatures, 10)).map(({ id }) => id);
    expect(claimable).toEqual([ready, expired]);
    expect(await other.claim(held, "b.1")).toBe("taken");
    expect(await board.renew(new Map([[held, "a.1"]]))).toEqual(new Map([[held, "ok"]]));
    expect(await other.claim(over.id, "b.2")).toBe("gone");
    expect(await other.claim(delayed.id, "b.3")).toBe("taken");
    await advance(60_000);
    expect(await other.claim(delayed.id, "b.3")).toBe("claimed");
    expect(await other.claim(later.id, "b.4")).toBe("claimed");
  });

  it("wakes who waits when the server is back, where messages may have been missed", async () => {
    const { board, other, kill, start, missesMessages } = await open();
    await forgetHints(board);
    const woken = wakes(board);

    await kill();
    await start();

    if (missesMessages) expect(await woken).toBe(true);
    await back(board, other);
    if (!missesMessages) await put(other);
    expect(await woken).toBe(true);
    await forgetHints(board);
    const wokenAgain = wakes(board);
    await put(other);
    expect(await wokenAgain).toBe(true);
  });
}

/** What was said so far wakes nobody any more. */
async function forgetHints(board: JobBoard): Promise<void> {
  const stop = new AbortController();
  const waiting = board.changed(stop.signal);
  await board.survey(); // What was sent before this answer has arrived.
  stop.abort();
  await waiting;
}

async function wakes(board: JobBoard): Promise<boolean> {
  const patience = AbortSignal.timeout(BACK_WITHIN_MS);
  await board.changed(patience);
  return !patience.aborted;
}

function testWipe(open: Open<LastingBoard>): void {
  it("changes the identity and knows no claim, and a living holder takes its job back", async () => {
    const { board, other, wipe } = await open();
    const { id: before } = await board.identity();
    const made = posting();
    await board.put([made]);
    await board.claim(made.id, "a.1");

    await wipe();

    expect(await board.renew(new Map([[made.id, "a.1"]]))).toEqual(new Map([[made.id, "gone"]]));
    expect(await board.exists([made.id])).toEqual(new Set());
    const after = await board.identity();
    expect(after.stamped).toBe(true);
    expect(after.id).not.toBe(before);
    await other.put([{ ...made, delayMs: board.traits.leaseMs }]); // A sweep was faster.
    expect(await board.reclaim(made, "a.1")).toBe("claimed");
    expect(await other.claim(made.id, "b.1")).toBe("taken");
  });
}

function testSilence(open: Open<BoardOnServer>): void {
  const acts: readonly [(board: JobBoard, id: string) => Promise<unknown>, number][] = [
    [(board, id) => board.claim(id, "a.1"), DOWN_WITHIN_MS],
    [(board, id) => board.renew(new Map([[id, "a.1"]])), DOWN_WITHIN_MS],
    [(board) => board.put([posting()]), DOWN_WITHIN_MS],
    [(board) => board.survey(), DOWN_WITHIN_MS],
    [(board, id) => board.consume(id, "a.1"), LEFT_WITHIN_MS],
    [(board, id) => board.abandon(id, "a.1"), LEFT_WITHIN_MS],
  ];

  it("is BOARD_DOWN in time for every act when it is frozen, and works on after", async () => {
    const { board, other, freeze, thaw } = await open();
    const id = await put(board);
    freeze();
    const start = performance.now();

    const ends = await Promise.all(
      acts.map(async ([act, withinMs]) => {
        const [end] = await Promise.allSettled([act(board, id)]);
        return { end, late: performance.now() - start > withinMs };
      }),
    );

    thaw();
    const down = { end: { reason: { code: "BOARD_DOWN" } }, late: false };
    expect(ends).toMatchObject(acts.map(() => down));
    await back(board, other);
  });

  it("has one holder at most after a claim that nobody got an answer to", async () => {
    const { board, other, freeze, thaw } = await open();
    const id = await put(board);
    freeze();
    await expect(board.claim(id, "a.1")).rejects.toMatchObject({ code: "BOARD_DOWN" });
    thaw();
    await back(board, other);

    // The claim may have been carried out or not: either is told by the same claimId.
    const answers = [await other.claim(id, "b.1"), await board.claim(id, "a.1")];

    expect([...answers].sort()).toEqual(["claimed", "taken"]);
    const claims = [...(await board.held("a")).values(), ...(await board.held("b")).values()];
    expect(claims).toEqual([answers[0] === "claimed" ? "b.1" : "a.1"]);
  });

  it("is BOARD_DOWN when it is gone, and nothing that was refused is sent later", async () => {
    const { board, other, kill, start } = await open();
    await board.identity();
    await kill();
    const made = posting();

    await expect(board.put([made])).rejects.toMatchObject({ code: "BOARD_DOWN", retryable: true });
    await expect(board.claim(made.id, "a.1")).rejects.toMatchObject({ code: "BOARD_DOWN" });
    await start();
    await back(board, other);

    expect(await other.exists([made.id])).toEqual(new Set());
    await board.put([made]);
    expect(await other.claim(made.id, "b.1")).toBe("claimed");
  });

  it("closes while its server is gone", async () => {
    const { board, kill } = await open();
    await kill();
    // Not before it has tried in vain to be connected again.
    for (let n = 0; n < 3; n += 1) await expect(board.survey()).rejects.toThrow();
    const start = performance.now();

    await board[Symbol.asyncDispose]();

    expect(performance.now() - start).toBeLessThan(CLOSED_WITHIN_MS);
  });
}
