import { describe, expect, it } from "vitest";
import { eventLine } from "../../cli/commands/events/event-line.js";
import { createStyle } from "../../cli/screen/style.js";
import type { EventView } from "../../common/wire/events.js";

process.env["TZ"] = "UTC";

const AT = "2026-05-01T12:03:04.567Z";
const JOB = "0198f3a2-0000-7000-8000-0123456789ab";
const OF_JOB = { at: AT, agent: "nas-1", job: JOB, flow: "backup" } as const;

function printed(event: EventView, tty = true): string {
  const style = createStyle({ env: { NO_COLOR: "1", LANG: "C.UTF-8" }, tty, columns: 80 });
  return eventLine(style, event, Date.parse(AT));
}

describe("an event", () => {
  it.each<[EventView, string]>([
    [
      { type: "job.posted", ...OF_JOB, version: 2, name: "nightly" },
      "12:03:04  job.posted         456789ab  nas-1  backup  v2  nightly",
    ],
    [
      { type: "atom.state", ...OF_JOB, atom: "copy", from: "PENDING", to: "RUNNING" },
      "12:03:04  atom.state         456789ab  nas-1  copy  PENDING -> ● RUNNING",
    ],
    [
      {
        ...{ type: "retry.decision", ...OF_JOB, retry: "again", atom: "copy", decision: "RETRY" },
        failure: { name: "Error", message: "no room" },
      },
      "12:03:04  retry.decision     456789ab  nas-1  copy  by again  RETRY  no room",
    ],
    [
      { type: "job.migrated", ...OF_JOB, from: 1, to: 2 },
      "12:03:04  job.migrated       456789ab  nas-1  v1 -> v2",
    ],
    [
      { type: "atom.progress", ...OF_JOB, atom: "copy", fraction: 0.456, note: "3 of 7" },
      "12:03:04  atom.progress      456789ab  nas-1  copy  45%  3 of 7",
    ],
    [
      { type: "job.reprioritised", ...OF_JOB, priority: -7 },
      "12:03:04  job.reprioritised  456789ab  nas-1  priority -7",
    ],
    [
      { type: "jobs.removed", at: AT, agent: "nas-1", count: 12 },
      "12:03:04  jobs.removed                 nas-1  12 jobs",
    ],
    [
      { type: "agent.state", at: AT, agent: "nas-1", from: "ready", to: "draining" },
      "12:03:04  agent.state                  nas-1  ready -> draining",
    ],
    [
      { type: "agent.unreachable", at: AT, agent: "nas-1", observer: "nas-2", reason: "no answer" },
      "12:03:04  agent.unreachable            nas-1  no answer",
    ],
  ])("is a line for people: %j", (event, line) => {
    expect(printed(event)).toBe(line);
  });

  it("is every word with tabs between for programs, ids whole", () => {
    const event = { type: "job.state", ...OF_JOB, from: "RUNNING", to: "SUCCESS" } as const;

    expect(printed(event, false)).toBe(`${AT}\tjob.state\t${JOB}\tnas-1\tRUNNING -> SUCCESS`);
    expect(printed({ type: "agent.left", at: AT }, false)).toBe(`${AT}\tagent.left\t-\t-\t`);
  });

  it.each([true, false])("obeys to nothing that a terminal would (terminal: %s)", (tty) => {
    const reason = "\u001b[2J\tnaïve\n\u202e";
    const line = printed({ type: "job.lost", ...OF_JOB, agent: "a\u001b", reason }, tty);

    expect(line).toContain("naïve");
    expect(line).not.toMatch(/[\u001b\n\u202e]/);
  });
});
