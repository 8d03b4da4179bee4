import type { JobsView } from "../../../common/wire.js";
import type { EventsView } from "../../../common/wire/events.js";
import { until } from "../until.js";
import type { Crowd } from "./crowd.js";
import type { Seen } from "./crowd-main.js";
import { type Posting, postAtPace } from "./posters.js";

export interface Crowded {
  /** Of each post, ms. */
  readonly tookMs: readonly number[];
  /** Events of the agent since the readers began. */
  readonly events: number;
  readonly seen: readonly Seen[];
  /** Readers whose events were not exactly those of the agent. */
  readonly wrong: number;
}

/** What jobs may take to end after the last post, and their events to arrive, ms. */
const SETTLE_MS = 180_000;
/** An agent that has said nothing for so long has said all, ms. */
const QUIET_MS = 1_000;

/** Resolves when the agent has no job to do. */
export async function allOver(url: string): Promise<void> {
  const open = `${url}/v1/jobs?state=WAITING,RUNNING,REVERTING&limit=1`;
  const look = async (): Promise<boolean> => {
    const { items } = (await (await fetch(open)).json()) as JobsView;
    return items.length === 0;
  };
  await until(look, { withinMs: SETTLE_MS, everyMs: 250, what: "every job to be over" });
}

/** Posts while a crowd reads, until every job is over; then compares what each reader has. */
export async function postBeside(crowd: Crowd, posting: Posting): Promise<Crowded> {
  const begun = (await crowd.seen())[0]?.first ?? 0;
  const tookMs = await postAtPace(posting);
  const over = async () => {
    const seen = await crowd.seen();
    return seen.every(({ finished, broken }) => broken || finished >= tookMs.length) && seen;
  };
  const what = `${tookMs.length} jobs to be over`;
  await until(over, { withinMs: SETTLE_MS, everyMs: 250, what });
  const last = await until(() => lastTold(posting.url, crowd), { withinMs: SETTLE_MS });
  const seen = await crowd.seen();
  const posts = tookMs.length;
  const right = (one: Seen): boolean =>
    one.last === last &&
    one.gaps + one.resets === 0 &&
    !one.broken &&
    one.posted === posts &&
    one.finished === posts;
  return { tookMs, events: last - begun, seen, wrong: seen.filter((one) => !right(one)).length };
}

/** Number of the agent's last event, once it says no more and the readers had time to hear it. */
async function lastTold(url: string, crowd: Crowd): Promise<number | undefined> {
  const before = await lastOf(url);
  await crowd.seen();
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  return (await lastOf(url)) === before ? before : undefined;
}

async function lastOf(url: string): Promise<number> {
  const answer = await fetch(`${url}/v1/events?scope=self&limit=1`, {
    headers: { accept: "application/json" },
  });
  const { nextCursor } = (await answer.json()) as EventsView;
  return Number.parseInt(nextCursor.split(".").at(-1) ?? "", 36);
}
