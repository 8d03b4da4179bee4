import pino from "pino";
import { expect, it } from "vitest";
import { JobFeeds } from "../../agent/events/job-feeds.js";
import type { Reader } from "../../agent/events/follower.js";
import { systemClock } from "../../cli/clock.js";
import { EventParser, type StreamEvent } from "../../common/text/event-parser.js";
import type { EventView } from "../../common/wire/events.js";
import type { Change } from "../../engine/journal.js";
import { until } from "../../scripts/lab/until.js";
import { appended, appendOf, owned } from "../contracts/samples.js";
import { openWorld } from "../protocol/world.js";

const SOON = { withinMs: 10_000 };

it("tells who follows a job through a migration what whoever comes later is told", async () => {
  const { persistence, ...world } = await openWorld();
  const { id } = await world.post();
  const feeds = new JobFeeds({
    ...{ persistence, clock: systemClock, log: pino({ level: "silent" }) },
    ...{ hold: () => Promise.resolve(), release: () => undefined },
  });
  const follow = async () => {
    const gone = new AbortController();
    const [parser, events] = [new EventParser(), [] as StreamEvent[]];
    const reader: Reader = {
      signal: gone.signal,
      write: (text) => void events.push(...parser.push(text.toString())),
      drained: () => Promise.resolve(),
    };
    const journal = await feeds.read(id);
    const done = feeds.follow({ journal, after: undefined }, reader);
    const leave = (): Promise<void> => {
      gone.abort();
      return done;
    };
    return { events, leave };
  };
  const moves = (events: readonly StreamEvent[]) =>
    events
      .filter(({ event }) => event === "atom.state")
      .map(({ id: place, data }) => {
        const { atom, from, to } = JSON.parse(data) as EventView;
        return [place, atom, from, to].join(" ");
      });
  const owner = await owned(persistence, id, { boardId: world.boardId });
  let seq = 0;
  const write = (change: Change) =>
    appended(persistence, appendOf(owner, (seq += 1), { changes: [change] }));

  const early = await follow();
  await write({ change: "atom", atom: "old", to: "RUNNING" });
  await until(() => moves(early.events).length === 1, SOON);
  await write({ change: "migrated", from: 1, to: 2, renamed: { old: "new" } });
  await write({ change: "atom", atom: "new", to: "SUCCESS" });
  await until(() => moves(early.events).length === 2, SOON);
  const late = await follow();
  await until(() => moves(late.events).length === 2, SOON);
  await Promise.all([early.leave(), late.leave()]);

  expect(moves(early.events)).toEqual(["1.1 old PENDING RUNNING", "3.0 new RUNNING SUCCESS"]);
  expect(moves(late.events)).toEqual(["1.1 new PENDING RUNNING", "3.0 new RUNNING SUCCESS"]);
  expect(early.events.map((event) => event.id)).toEqual(late.events.map((event) => event.id));
});
