import pino from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { createClaims } from "../../agent/claims.js";
import { Conductor } from "../../agent/conductor.js";
import { openBoard } from "../../boards/open.js";
import { toSignature } from "../../common/job.js";
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
    ...{ board, claims, clock, log, slots: () => 4, mayClaim: () => Promise.resolve(true) },
    paused: () => false,
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

describe("an agent that is to leave when there is nothing to do", () => {
  it("has worked off when all that it may take has ended, whatever else waits", async () => {
    const { conductor, clock, put, end } = await withConductor();
    await put("hello", "strange");
    let over = false;
    void conductor.workedOff.then(() => (over = true));

    conductor.start();
    await clock.advance(100);
    const whileRunning = over;
    end();
    await clock.advance(5_000);

    expect([whileRunning, over]).toEqual([false, true]);
  });

  it("waits for no wish of its owner, and for a database that is away", async () => {
    const [paused, away] = [await withConductor("paused"), await withConductor("away")];
    let left = false;
    void away.conductor.workedOff.then(() => (left = true));

    for (const { conductor, clock, put } of [paused, away]) {
      await put("hello");
      conductor.start();
      await clock.advance(10_000);
    }

    await paused.conductor.workedOff;
    expect(left).toBe(false);
  });
});

/** It knows one flow, and its jobs run until they are told to end. */
async function withConductor(trouble?: "paused" | "away") {
  const [clock, log] = [new FakeClock(), pino({ level: "silent" })];
  const board = await openBoard("sqlite::memory:", { leaseMs: 10_000 });
  const claims = createClaims({
    ...{ board, clock, log, incarnation: "me" },
    renewed: () => undefined,
  });
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const conductor = new Conductor({
    ...{ board, claims, clock, log, slots: () => 4, random: () => 0 },
    mayClaim: () => Promise.resolve(trouble === undefined),
    paused: () => trouble === "paused",
    surveyed: () => undefined,
    busy: () => undefined,
    matcher: matcherOf(new Map([["hello", [1]]]), clock),
    execute: (claim) => ended.then(() => claims.release(claim, "consume")),
  });
  onTestFinished(async () => {
    end();
    await conductor.stop();
    await conductor.idle();
    await claims[Symbol.asyncDispose]();
    await board[Symbol.asyncDispose]();
  });
  const putAll = async (...flows: readonly string[]): Promise<void> => {
    for (const flow of flows) {
      const signature = toSignature({ protocol: 1, flow, version: 1, clauses: [] });
      await board.put([posting({ signature })]);
    }
  };
  return { conductor, clock, put: putAll, end: () => end() };
}
