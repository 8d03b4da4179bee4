import pino from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Claims, createClaims } from "../../agent/claims.js";
import type { Deadline } from "../../agent/runner/runner.js";
import type { JobBoard, Posting } from "../../boards/board.js";
import { openBoard } from "../../boards/open.js";
import { FakeClock } from "../support/fake-clock.js";
import { tempDir } from "../support/temp.js";

const LEASE_MS = 10_000;
const JOB = "0198f3a2-7c1e-7b02-9d40-5a6f0e1c2b33";
const POSTING: Posting = { id: JOB, signature: "s", priority: 0, delayMs: 0 };
const OTHER: Posting = { ...POSTING, id: "0198f3a2-7c1e-7b02-9d40-5a6f0e1c2b34" };

describe("claims", () => {
  it("are renewed long before the lease ends, and trusted anew from then on", async () => {
    const { claims, clock, board, beats } = await setUp();
    const claim = await claimed(claims);

    await clock.advance(LEASE_MS * 3);

    expect(claim.lost.aborted).toBe(false);
    expect(claim.fresh()).toBe(true);
    expect(beats.length).toBeGreaterThanOrEqual(10);
    expect(await board.claim(JOB, "other.1")).toBe("taken");
  });

  it("are renewed from the first one on, and an agent without any wakes for none", async () => {
    const { claims, clock, beats } = await setUp();
    await clock.advance(LEASE_MS * 10);
    expect([clock.sleeping, claims.turning]).toEqual([0, true]);

    for (const round of [1, 2]) {
      const claim = await claimed(claims);
      await clock.advance(LEASE_MS * 0.25);
      expect([beats.length, claim.fresh(), claims.turning]).toEqual([round, true, true]);
      await claims.release(claim, "abandon");
      await clock.advance(LEASE_MS * 2);
      expect([beats.length, clock.sleeping, claims.turning]).toEqual([round, 0, true]);
    }
  });

  it("do not let atoms start at half a lease without renewal, and end at four fifths (D8)", async () => {
    const { claims, clock, fail } = await setUp();
    const claim = await claimed(claims);

    fail(true);
    await clock.advance(LEASE_MS * 0.5);
    expect([claim.fresh(), claim.lost.aborted]).toEqual([false, false]);

    await clock.advance(LEASE_MS * 0.3);
    expect(claim.lost.aborted).toBe(true);
    expect(claim.lost.reason).toMatchObject({ code: "OWNERSHIP_LOST" });
  });

  it("are said to be renewed while the board is away, and not once the loop stands still", async () => {
    const { claims, clock, hang } = await setUp();
    await claimed(claims);

    hang();
    await clock.advance(LEASE_MS * 5);
    expect(claims.turning).toBe(true);

    await claims[Symbol.asyncDispose]();
    await clock.advance(LEASE_MS);
    expect(claims.turning).toBe(false);
  });

  it("end in time when renewals hang instead of failing", async () => {
    const { claims, clock, hang } = await setUp();
    const claim = await claimed(claims);

    hang();
    await clock.advance(LEASE_MS * 0.8);

    expect(claim.lost.aborted).toBe(true);
  });

  it("are not trusted after the machine slept, though the monotonic clock stood still", async () => {
    const { claims, clock } = await setUp();
    const claim = await claimed(claims);

    clock.jumpWall(LEASE_MS);

    expect(claim.fresh()).toBe(false);
  });

  it("are lost at the next renewal when another agent holds them", async () => {
    const { claims, clock, board } = await setUp();
    const claim = await claimed(claims);

    await board.abandon(JOB, claim.claimId);
    expect(await board.claim(JOB, "other.1")).toBe("claimed");
    await clock.advance(LEASE_MS * 0.25);

    expect(claim.lost.aborted).toBe(true);
  });

  it("are taken again when the board lost them and the ownership is still mine (P-23)", async () => {
    const { claims, clock, board } = await setUp();
    const claim = await claimed(claims);
    claims.own(claim, { posting: POSTING, stillMine: async () => true });

    await board.consume(JOB, claim.claimId);
    await clock.advance(LEASE_MS * 0.25);

    expect(claim.lost.aborted).toBe(false);
    expect(await board.claim(JOB, claim.claimId)).toBe("claimed");
  });

  it("are lost when the board lost them and somebody else raised meanwhile (P-23)", async () => {
    const { claims, clock, board } = await setUp();
    const claim = await claimed(claims);
    claims.own(claim, { posting: POSTING, stillMine: async () => false });

    await board.consume(JOB, claim.claimId);
    await clock.advance(LEASE_MS * 0.25);

    expect(claim.lost.aborted).toBe(true);
  });

  it("that were given back are not taken again by a renewal under way (P-23)", async () => {
    const { claims, clock, board } = await setUp();
    const [first, second] = [await claimed(claims), await claimed(claims, OTHER.id)];
    claims.own(second, { posting: OTHER, stillMine: async () => true });
    claims.own(first, {
      posting: POSTING,
      stillMine: async () => {
        await claims.release(second, "consume");
        return true;
      },
    });

    await board.consume(JOB, first.claimId);
    await board.consume(OTHER.id, second.claimId);
    await clock.advance(LEASE_MS * 0.25);

    expect(first.lost.aborted).toBe(false);
    expect(await board.exists([JOB, OTHER.id])).toEqual(new Set([JOB]));
  });

  it("that were given back while they were taken again are given back again (P-23)", async () => {
    const { claims, clock, board } = await setUp();
    const claim = await claimed(claims);
    claims.own(claim, {
      posting: POSTING,
      stillMine: async () => {
        await claims.release(claim, "consume");
        await board.reclaim(POSTING, claim.claimId); // It had been on its way all the time.
        return true;
      },
    });

    await board.consume(JOB, claim.claimId);
    await clock.advance(LEASE_MS * 0.25);

    expect(await board.claim(JOB, "other.1")).toBe("claimed");
  });

  it("are renewed, and end in time, while the database says nothing of one taken again", async () => {
    const { claims, clock, board } = await setUp();
    const [wiped, other] = [await claimed(claims), await claimed(claims, OTHER.id)];
    claims.own(wiped, { posting: POSTING, stillMine: () => new Promise(() => undefined) });
    await board.consume(JOB, wiped.claimId);
    await clock.advance(LEASE_MS * 0.25);

    await clock.advance(LEASE_MS * 3);
    expect(other.lost.aborted).toBe(false);
    expect(await board.claim(OTHER.id, "other.1")).toBe("taken");

    await board.abandon(OTHER.id, other.claimId);
    expect(await board.claim(OTHER.id, "other.1")).toBe("claimed");
    await clock.advance(LEASE_MS * 0.25);
    expect(other.lost.aborted).toBe(true);
  });

  it("that are lost are not renewed any more, so that another agent gets the job", async () => {
    const { claims, clock, board, fail } = await setUp();
    await claimed(claims);
    fail(true);
    await clock.advance(LEASE_MS * 0.8);
    fail(false);

    await clock.advance(LEASE_MS * 0.5);

    expect(await board.claim(JOB, "other.1")).toBe("claimed");
  });

  it("say nothing against the board once the claims that it did not renew are gone", async () => {
    const { claims, clock, fail } = await setUp();
    const claim = await claimed(claims);
    fail(true);
    await clock.advance(LEASE_MS * 0.8);
    const away = claims.boardOk;

    await claims.release(claim, "abandon");
    await clock.advance(LEASE_MS);

    expect([away, claims.boardOk]).toEqual([false, true]);
  });

  it("give a claim back that was answered too late to be worth an ownership", async () => {
    const { claims, clock, board, slow } = await setUp();
    slow(LEASE_MS * 0.6);

    const claim = claims.claim(JOB);
    await clock.advance(LEASE_MS * 0.6);

    expect(await claim).toBeUndefined();
    expect(await board.claim(JOB, "other.1")).toBe("claimed");
  });
});

async function claimed(claims: Claims, job = JOB) {
  const claim = await claims.claim(job);
  if (claim === undefined) throw new Error("the job was free");
  return claim;
}

/** A real board in a file, whose time is the fake clock's, behind a line that can fail. */
async function setUp() {
  const clock = new FakeClock();
  const board = await openBoard(`sqlite:${tempDir()}/board.db`, {
    leaseMs: LEASE_MS,
    clock: { now: () => clock.monotonic(), era: "test" },
  });
  await board.put([POSTING, OTHER]);
  let failing = false;
  let hanging = false;
  let slowMs = 0;
  const line: JobBoard = Object.assign(Object.create(board) as JobBoard, {
    traits: board.traits,
    renew: async (claims: ReadonlyMap<string, string>) => {
      if (hanging) return new Promise<never>(() => undefined);
      if (failing) throw new Error("the line to the board is cut");
      return board.renew(claims);
    },
    claim: async (id: string, claimId: string) => {
      const answer = await board.claim(id, claimId);
      await clock.sleep(slowMs);
      return answer;
    },
    consume: (id: string, claimId: string) => board.consume(id, claimId),
    abandon: (id: string, claimId: string) => board.abandon(id, claimId),
    reclaim: (posting: Posting, claimId: string) => board.reclaim(posting, claimId),
  });
  const beats: Deadline[] = [];
  const claims = createClaims({
    board: line,
    clock,
    log: pino({ level: "silent" }),
    incarnation: "mine",
    renewed: (deadline) => beats.push(deadline),
  });
  onTestFinished(async () => {
    await claims[Symbol.asyncDispose]();
    await board[Symbol.asyncDispose]();
  });
  const fail = (on: boolean): void => {
    failing = on;
  };
  const slow = (ms: number): void => {
    slowMs = ms;
  };
  const hang = (): void => {
    hanging = true;
  };
  return { clock, board, claims, beats, fail, hang, slow };
}
