import { describe, expect, it } from "vitest";
import { poisonOf } from "../../agent/owner/poison.js";
import type { Change, Entry } from "../../engine/journal.js";
import type { Ownership, OwnershipEnd } from "../../persistence/persistence.js";

const SECOND = 1_000;

function at(
  now: number,
  leaseMs = 10 * SECOND,
): { readonly now: number; readonly leaseMs: number } {
  return { now, leaseMs };
}

describe("P-25 poison", () => {
  it("counts owners in a row that died soon after starting the same atom", () => {
    const entries = [running(1, 1, 0, "a"), again(2, 2, 15 * SECOND), again(3, 3, 30 * SECOND)];
    const ownerships = [owned(1, 0), owned(2, 15 * SECOND), owned(3, 30 * SECOND)];

    expect(poisonOf(ownerships, entries, at(45 * SECOND))).toEqual({ subject: "a", deaths: 3 });
  });

  it("counts them with a long lease as well: that they are gone shows a lease later", () => {
    const minutes = 60 * SECOND;
    const entries = [running(1, 1, 0, "a"), again(2, 2, 5 * minutes), again(3, 3, 10 * minutes)];
    const ownerships = [owned(1, 0), owned(2, 5 * minutes), owned(3, 10 * minutes)];

    const found = poisonOf(ownerships, entries, at(15 * minutes, 5 * minutes));

    expect(found).toEqual({ subject: "a", deaths: 3 });
  });

  it("does not blame an atom that had run for long: a laptop that sleeps is no poison", () => {
    const hour = 3_600 * SECOND;
    const entries = [running(1, 1, 0, "a"), again(2, 2, hour), again(3, 3, 2 * hour)];
    const ownerships = [owned(1, 0), owned(2, hour), owned(3, 2 * hour)];

    expect(poisonOf(ownerships, entries, at(3 * hour))).toBeUndefined();
  });

  it("does not count an owner that handed over", () => {
    const entries = [
      running(1, 1, 0, "a"),
      again(2, 2, SECOND),
      entry(3, 3, 2 * SECOND, [{ change: "again", atoms: ["a"] }, { change: "handover" }]),
    ];
    const ownerships = [owned(1, 0), owned(2, SECOND), owned(3, 2 * SECOND)];

    expect(poisonOf(ownerships, entries, at(3 * SECOND))).toBeUndefined();
  });

  it("does not count the death of a runner that other jobs shared", () => {
    const entries = [running(1, 1, 0, "a"), again(2, 2, SECOND), again(3, 3, 2 * SECOND)];
    const ownerships = [
      owned(1, 0, "runner-died"),
      owned(2, SECOND, "runner-died-alone"),
      owned(3, 2 * SECOND, "runner-died-alone"),
    ];

    expect(poisonOf(ownerships, entries, at(3 * SECOND))).toEqual({ subject: "a", deaths: 2 });
  });

  it("counts the death of a private runner however long the atom ran", () => {
    const entries = [running(1, 1, 0, "a"), again(2, 2, 3_600 * SECOND)];
    const ownerships = [
      owned(1, 0, "runner-died-alone", 3_600 * SECOND),
      owned(2, 3_600 * SECOND, "runner-died-alone", 7_200 * SECOND),
    ];

    const found = poisonOf(ownerships, entries, at(7_200 * SECOND));

    expect(found).toEqual({ subject: "a", deaths: 2 });
  });

  it("starts a new count when another atom was running", () => {
    const entries = [
      running(1, 1, 0, "a"),
      entry(2, 2, 10 * SECOND, [
        { change: "atom", atom: "a", to: "SUCCESS", result: null },
        { change: "atom", atom: "b", to: "RUNNING" },
      ]),
      entry(3, 3, 20 * SECOND, [{ change: "again", atoms: ["b"] }]),
    ];
    const ownerships = [owned(1, 0), owned(2, 10 * SECOND), owned(3, 20 * SECOND)];

    expect(poisonOf(ownerships, entries, at(30 * SECOND))).toEqual({ subject: "b", deaths: 2 });
  });

  it("starts a new count after a resume", () => {
    const entries = [
      running(1, 1, 0, "a"),
      again(2, 2, 10 * SECOND),
      entry(3, 3, 20 * SECOND, [{ change: "flow", to: "SUSPENDED" }]),
      again(4, 4, 30 * SECOND),
    ];
    const ownerships = [0, 1, 2, 3].map((n) => owned(n + 1, n * 10 * SECOND));

    expect(poisonOf(ownerships, entries, at(50 * SECOND))).toEqual({ subject: "a", deaths: 1 });
  });

  it("notices a job that kills its owner before it writes anything", () => {
    const ownerships = [owned(1, 0), owned(2, SECOND), owned(3, 2 * SECOND)];

    expect(poisonOf(ownerships, [], at(3 * SECOND))).toEqual({
      subject: "loading at entry 1",
      deaths: 3,
    });
  });

  it("does not count a loading that nobody died of within a minute", () => {
    const hour = 3_600 * SECOND;
    const ownerships = [owned(1, 0), owned(2, hour), owned(3, 2 * hour)];

    expect(poisonOf(ownerships, [], at(3 * hour))).toBeUndefined();
  });

  it.each(["given-back", "lost"] as const)(
    "does not count an owner that lived to note that its ownership was %s",
    (ended) => {
      const entries = [running(1, 1, 0, "a"), again(2, 2, SECOND), again(3, 3, 2 * SECOND)];
      const ownerships = [0, 1, 2].map((n) => owned(n + 1, n * SECOND, ended));

      expect(poisonOf(ownerships, entries, at(3 * SECOND))).toBeUndefined();
      expect(poisonOf(ownerships, [], at(3 * SECOND))).toBeUndefined();
    },
  );

  it("counts an owner that ended over a defect it met with the job", () => {
    const ownerships = [0, 1, 2].map((n) => owned(n + 1, n * SECOND, "failed"));

    expect(poisonOf(ownerships, [], at(3 * SECOND))).toMatchObject({ deaths: 3 });
  });

  it("finds nothing in a job that nobody owned", () => {
    expect(poisonOf([], [], at(0))).toBeUndefined();
  });
});

function running(seq: number, token: number, at: number, atom: string): Entry {
  return entry(seq, token, at, [{ change: "atom", atom, to: "RUNNING" }]);
}

function again(seq: number, token: number, at: number): Entry {
  return entry(seq, token, at, [{ change: "again", atoms: ["a"] }]);
}

function entry(seq: number, token: number, at: number, changes: readonly Change[]): Entry {
  return { seq, token, at, changes };
}

function owned(token: number, at: number, ended?: OwnershipEnd, endedAt?: number): Ownership {
  return {
    job: "job",
    token,
    owner: `incarnation.${token}`,
    agent: "agent",
    machine: "machine",
    at,
    firstSeq: 1,
    ...(ended === undefined ? {} : { ended }),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
}
