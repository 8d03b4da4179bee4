import { describe, expect, it } from "vitest";
import { JournalReader, postedEvent } from "../../agent/events/journal.js";
import type { Change, Entry } from "../../engine/journal.js";
import type { JobRow } from "../../persistence/persistence.js";

const AT = Date.UTC(2027, 0, 1);
const ROW = {
  id: "job-1",
  needs: { protocol: 1, flow: "backup", version: 2, clauses: [] },
} as unknown as JobRow;
const failure = { name: "Error", message: "no room" };

function entry(seq: number, changes: readonly Change[], token = 1): Entry {
  return { seq, token, at: AT, changes };
}

/** What a reader makes of these entries, without what all events of a job have. */
function told(...entries: readonly Entry[]) {
  const reader = new JournalReader(ROW);
  return entries
    .flatMap((each) => reader.read(each, "nas-1"))
    .map(
      ({
        seq,
        index,
        event: { type, at: _at, agent: _agent, job: _job, flow: _flow, ...rest },
      }) => {
        const { token: _token, seq: _seq, ...fields } = rest;
        return [`${seq}.${index}`, type, fields];
      },
    );
}

describe("a journal as events", () => {
  it("tells of each move of an atom from where to where", () => {
    expect(
      told(
        entry(1, [
          { change: "flow", to: "RUNNING" },
          { change: "atom", atom: "copy", to: "RUNNING" },
        ]),
        entry(2, [{ change: "atom", atom: "copy", to: "FAILURE", failure }]),
      ),
    ).toEqual([
      ["1.0", "job.owner", {}],
      ["1.1", "job.state", { from: "WAITING", to: "RUNNING" }],
      ["1.2", "atom.state", { atom: "copy", from: "PENDING", to: "RUNNING" }],
      ["2.0", "atom.state", { atom: "copy", from: "RUNNING", to: "FAILURE", failure }],
    ]);
  });

  it("tells of what concerns several atoms atom by atom", () => {
    expect(
      told(
        entry(1, [{ change: "ignore", atoms: ["a", "b"] }]),
        entry(2, [{ change: "reset", retry: "r", atoms: ["a"] }]),
        entry(3, [{ change: "again", atoms: ["a"] }]),
      ).slice(1),
    ).toEqual([
      ["1.1", "atom.state", { atom: "a", from: "PENDING", to: "IGNORE" }],
      ["1.2", "atom.state", { atom: "b", from: "PENDING", to: "IGNORE" }],
      ["2.0", "atom.state", { atom: "a", from: "IGNORE", to: "PENDING", retry: "r" }],
      ["3.0", "atom.again", { atom: "a" }],
    ]);
  });

  it("tells of what a decider had skipped and is kept, whose writer is no owner", () => {
    const reader = new JournalReader(ROW);
    const skipped = { change: "ignore", atoms: ["b"] } as const;
    const kept = reader.read(
      entry(1, [{ change: "kept", atom: "a", result: 1 }, skipped], 1),
      undefined,
    );
    // A decider's no of an owner is the same change, further on.
    const later = reader.read(entry(2, [skipped], 2), undefined);

    expect(kept.map(({ event }) => event.type)).toEqual(["atom.state", "atom.state"]);
    expect(later.map(({ event }) => event.type)).toEqual(["job.owner", "atom.state"]);
  });

  it("tells of results that are kept, whose writer is no owner", () => {
    expect(
      told(
        entry(1, [{ change: "kept", atom: "a", result: "large" }], 1),
        entry(2, [{ change: "flow", to: "RUNNING" }], 2),
        entry(3, [], 3),
      ),
    ).toEqual([
      ["1.0", "atom.state", { atom: "a", from: "PENDING", to: "SUCCESS" }],
      ["2.0", "job.owner", {}],
      ["2.1", "job.state", { from: "WAITING", to: "RUNNING" }],
      ["3.0", "job.owner", {}],
    ]);
  });

  it("tells what a retry decided and until when it waits", () => {
    expect(
      told(
        entry(1, [
          { change: "decision", retry: "r", atom: "a", decision: "RETRY" },
          { change: "wait", retry: "r", until: AT + 5_000 },
          { change: "saved", atom: "a", value: { large: "x".repeat(9) } },
        ]),
      ).slice(1),
    ).toEqual([
      ["1.1", "retry.decision", { retry: "r", atom: "a", decision: "RETRY" }],
      ["1.2", "retry.wait", { retry: "r", until: "2027-01-01T00:00:05.000Z" }],
      ["1.3", "atom.saved", { atom: "a" }],
    ]);
  });

  it("tells of a new owner, of a hand-over and of the end", () => {
    const reader = new JournalReader(ROW);
    reader.read(entry(1, [{ change: "handover" }]), "nas-1");
    expect(reader.ended).toBeUndefined();
    const events = reader.read(
      entry(
        2,
        [
          { change: "cancel", revert: false },
          { change: "flow", to: "CANCELLED" },
        ],
        2,
      ),
      "pixel-7",
    );

    expect(events.map(({ event }) => event.type)).toEqual([
      ...["job.owner", "job.cancel", "job.state", "job.finished"],
    ]);
    expect(events[0]?.event).toEqual({
      ...{ type: "job.owner", at: "2027-01-01T00:00:00.000Z", agent: "pixel-7", job: "job-1" },
      ...{ flow: "backup", token: 2, seq: 2 },
    });
    expect([reader.ended, reader.seq]).toEqual(["CANCELLED", 2]);
  });

  it("tells of another version of the flow, and of one that starts over", () => {
    expect(
      told(
        entry(1, [{ change: "migrated", from: 1, to: 2, renamed: {} }]),
        entry(2, [{ change: "flow", to: "PENDING" }]),
      ).slice(1),
    ).toEqual([
      ["1.1", "job.migrated", { from: 1, to: 2 }],
      ["2.0", "job.state", { from: "WAITING", to: "WAITING" }],
    ]);
  });

  it("begins with how the job came to be there", () => {
    const row = { ...ROW, name: "nightly", postedAt: AT, postedVia: "nas-1", runAt: AT + 1_000 };

    expect(postedEvent(row)).toEqual({
      seq: 0,
      index: 0,
      event: {
        ...{ type: "job.posted", at: "2027-01-01T00:00:00.000Z", agent: "nas-1", job: "job-1" },
        ...{ flow: "backup", version: 2, name: "nightly", until: "2027-01-01T00:00:01.000Z" },
      },
    });
  });
});
