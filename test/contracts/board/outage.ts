import { describe, expect, it } from "vitest";
import { until } from "../../../scripts/lab/until.js";
import type { JobBoard } from "../../../boards/board.js";
import { type BoardUnderTest, posting, put } from "./subject.js";

/** A board with a server of its own, which the test may treat badly. */
export interface BoardOnServer extends BoardUnderTest {
  /** As a power cut: nothing is said to anybody. */
  kill(): Promise<void>;
  /** On the same address and data. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** All data is gone, the server runs on. */
  wipe(): Promise<void>;
}

export type OpenBoardOnServer = () => Promise<BoardOnServer>;

/** Longest time a call may take to say BOARD_DOWN, milliseconds. */
const DOWN_WITHIN_MS = 4_000;
/** Longest time until an open board works again after its server does, milliseconds. */
const BACK_WITHIN_MS = 10_000;

/** What a board whose data outlives its server must do when that server fails. */
export function testBoardOutage(open: OpenBoardOnServer): void {
  describe("restarts", () => testRestart(open));
  describe("the loss of all data (P-30)", () => testWipe(open));
  describe("a server that is gone or frozen", () => testSilence(open));
}

function back(...boards: readonly JobBoard[]): Promise<unknown> {
  const answers = (): Promise<unknown> => Promise.all(boards.map((board) => board.survey()));
  return until(answers, { withinMs: BACK_WITHIN_MS, what: "the board to answer" });
}

function testRestart(open: OpenBoardOnServer): void {
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

  it("wakes who waits when the server is back, since messages may have been missed", async () => {
    const { board, other, kill, start } = await open();
    await forgetHints(board);
    const woken = wakes(board);

    await kill();
    await start();

    expect(await woken).toBe(true);
    await back(board, other);
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

function testWipe(open: OpenBoardOnServer): void {
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

function testSilence(open: OpenBoardOnServer): void {
  const acts: readonly [string, (board: JobBoard, id: string) => Promise<unknown>][] = [
    ["claim", (board, id) => board.claim(id, "a.1")],
    ["renew", (board, id) => board.renew(new Map([[id, "a.1"]]))],
    ["put", (board) => board.put([posting()])],
    ["survey", (board) => board.survey()],
    ["consume", (board, id) => board.consume(id, "a.1")],
  ];

  it("is BOARD_DOWN in time for every act when it is frozen, and works on after", async () => {
    const { board, other, freeze, thaw } = await open();
    const id = await put(board);
    freeze();
    const start = performance.now();

    const ends = await Promise.allSettled(acts.map(([, act]) => act(board, id)));

    const tookMs = performance.now() - start;
    thaw();
    for (const end of ends) expect(end).toMatchObject({ reason: { code: "BOARD_DOWN" } });
    expect(tookMs).toBeLessThan(DOWN_WITHIN_MS);
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
}
