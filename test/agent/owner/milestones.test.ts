import pino from "pino";
import { expect, it } from "vitest";
import { noteStart } from "../../../agent/owner/milestones.js";
import type { JobOwnership } from "../../../agent/owner/ownership.js";
import type { Change } from "../../../engine/journal.js";
import type { JobRow } from "../../../persistence/persistence.js";
import { newJob } from "../../contracts/samples.js";

it.each<[string, number, readonly Change[], number | undefined]>([
  ["a job that nobody owned", 0, [], 5],
  ["a retry with what it keeps of another job", 1, [{ change: "kept", atom: "a", result: 1 }], 5],
  [
    "a retry that keeps what a decider skipped",
    1,
    [
      { change: "kept", atom: "a", result: 1 },
      { change: "ignore", atoms: ["b"] },
    ],
    5,
  ],
  ["the same, once it had an owner", 2, [{ change: "kept", atom: "a", result: 1 }], undefined],
  ["a job of another owner", 1, [{ change: "flow", to: "RUNNING" }], undefined],
])("counts as waiting or as taken over: %s", (_what, seen, changes, waitMs) => {
  const row: JobRow = { ...newJob(), state: "WAITING", token: seen, postedAt: 100 };
  const entry = { seq: 1, token: 1, owner: "x.1", at: 100, changes };
  const entries = changes.length === 0 ? [] : [entry];
  const append = (): Promise<void> => Promise.resolve();
  const ownership: JobOwnership = { token: seen + 1, owner: "y.1", entries, append };
  const started: unknown[] = [];
  const metrics = {
    jobStarted: (...told: readonly unknown[]) => void started.push(told),
    jobEnded: () => undefined,
  };

  noteStart(row, ownership, { log: pino({ level: "silent" }), metrics, databaseNow: () => 105 });

  expect(started).toEqual([["hello", waitMs]]);
});
