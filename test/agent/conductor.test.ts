import pino from "pino";
import { expect, it, onTestFinished } from "vitest";
import { createClaims } from "../../agent/claims.js";
import { Conductor } from "../../agent/conductor.js";
import type { Candidate, JobBoard } from "../../boards/board.js";
import { openBoard } from "../../boards/open.js";
import { matcherOf } from "../../scripts/lab/matcher.js";
import { posting, put } from "../contracts/board/subject.js";
import { FakeClock } from "../support/fake-clock.js";

interface Told {
  readonly board: JobBoard;
  /** What the agent is told is waiting, list after list; the board's own when there is none left. */
  readonly lists?: readonly (readonly Candidate[])[];
  /** Signature of jobs for which another agent of this machine holds what they need. */
  readonly held?: string;
  readonly enough: number;
}

/** Starts an agent with four slots; resolves with what it tried and began when enough have begun. */
async function beginning({ board, lists = [], held, enough }: Told) {
  const [clock, log] = [new FakeClock(), pino({ level: "silent" })];
  const [left, tried, begun] = [[...lists], [] as string[], [] as string[]];
  const fresh = board.candidates.bind(board);
  const claim = board.claim.bind(board);
  Object.assign(board, {
    candidates: (...asked: Parameters<typeof fresh>) =>
      left.length > 0 ? Promise.resolve(left.shift()) : fresh(...asked),
    claim: (id: string, claimId: string) => {
      tried.push(id);
      return claim(id, claimId);
    },
  });
  const claims = createClaims({
    ...{ board, clock, log, incarnation: "me" },
    renewed: () => undefined,
  });
  let done: () => void = () => undefined;
  const all = new Promise<void>((resolve) => (done = resolve));
  const matcher = matcherOf(new Map([["hello", [1, 2]]]), clock);
  const hold = matcher.hold.bind(matcher);
  matcher.hold = (signature, job) =>
    signature === held ? Promise.resolve(undefined) : hold(signature, job);
  const conductor = new Conductor({
    ...{ board, claims, clock, log, slots: () => 4, obstacle: () => Promise.resolve(undefined) },
    surveyed: () => undefined,
    busy: () => undefined,
    ...{ matcher },
    random: () => 0,
    execute: ({ job }) => {
      begun.push(job);
      if (begun.length === enough) done();
      return new Promise<never>(() => undefined); // No end of a job makes it look again.
    },
  });
  onTestFinished(async () => {
    await conductor.stop();
    await claims[Symbol.asyncDispose]();
    await board[Symbol.asyncDispose]();
  });
  conductor.start();
  await clock.advance(100);
  await all;
  return { tried, begun };
}
it("asks for a new list after a lost race, instead of going through an old one", async () => {
  const board = await openBoard("sqlite::memory:", { leaseMs: 10_000 });
  const old = Array.from({ length: 10 }, () => posting());
  await board.put(old);
  const list = await board.candidates([posting().signature], 64);
  for (const { id } of old) await board.claim(id, "other.1");
  const free = await put(board);

  const { tried, begun } = await beginning({ board, lists: [list], enough: 1 });

  expect(begun).toEqual([free]);
  expect(tried).toEqual([...old.slice(0, 1).map(({ id }) => id), free]);
});

it("looks again at the end of a list, as a board may name a few of many", async () => {
  const board = await openBoard("sqlite::memory:", { leaseMs: 10_000 });
  const ids = [await put(board), await put(board), await put(board)];
  const [first] = await board.candidates([posting().signature], 1);

  const { begun } = await beginning({ board, lists: [first ? [first] : []], enough: 3 });

  expect(begun).toEqual(ids);
});

it("takes what waits behind jobs of which each needs what another agent here holds", async () => {
  const board = await openBoard("sqlite::memory:", { leaseMs: 10_000 });
  const held = JSON.stringify([1, "hello", 2]);
  for (let n = 0; n < 70; n += 1) await put(board, { signature: held, priority: 5 });
  const behind = await put(board);

  const { begun, tried } = await beginning({ board, held, enough: 1 });

  expect(begun).toEqual([behind]);
  expect(tried).toEqual([behind]);
});
