import pino from "pino";
import { expect, it, onTestFinished } from "vitest";
import { createClaims } from "../../agent/claims.js";
import { Conductor } from "../../agent/conductor.js";
import { openBoard } from "../../boards/open.js";
import { matcherOf } from "../../scripts/lab/matcher.js";
import { posting, put } from "../contracts/board/subject.js";
import { FakeClock } from "../support/fake-clock.js";

it("asks for a new list after a lost race, instead of going through an old one", async () => {
  const [clock, log] = [new FakeClock(), pino({ level: "silent" })];
  const board = await openBoard("sqlite::memory:", { leaseMs: 10_000 });
  const old = Array.from({ length: 10 }, () => posting());
  await board.put(old);
  const list = await board.candidates([posting().signature], 64);
  for (const { id } of old) await board.claim(id, "other.1");
  const free = await put(board);
  const fresh = board.candidates.bind(board);
  let lists = 0;
  const tried: string[] = [];
  const claim = board.claim.bind(board);
  Object.assign(board, {
    candidates: (...asked: Parameters<typeof fresh>) =>
      (lists += 1) === 1 ? Promise.resolve(list) : fresh(...asked),
    claim: (id: string, claimId: string) => {
      tried.push(id);
      return claim(id, claimId);
    },
  });
  const claims = createClaims({
    ...{ board, clock, log, incarnation: "me" },
    renewed: () => undefined,
  });
  let begin: (job: string) => void = () => undefined;
  const begun = new Promise<string>((resolve) => (begin = resolve));
  const conductor = new Conductor({
    ...{ board, claims, clock, log, slots: () => 4, obstacle: () => Promise.resolve(undefined) },
    surveyed: () => undefined,
    busy: () => undefined,
    matcher: matcherOf(new Map([["hello", [1]]]), clock),
    random: () => 0,
    execute: ({ job }) => Promise.resolve(begin(job)),
  });
  onTestFinished(async () => {
    await conductor.stop();
    await claims[Symbol.asyncDispose]();
    await board[Symbol.asyncDispose]();
  });

  conductor.start();
  await clock.advance(100);

  expect(await begun).toBe(free);
  expect(tried).toEqual([...old.slice(0, 1).map(({ id }) => id), free]);
});
