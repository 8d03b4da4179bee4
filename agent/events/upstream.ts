import type { EventView, EventsView } from "../../common/wire/events.js";
import type { StreamEvent } from "../../common/text/event-parser.js";
import type { Clock } from "../../common/clock.js";
import type { Peer, PeerRequest } from "../cluster/peer.js";
import type { Streams } from "../cluster/streams.js";
import { agentOf, formatPlace, parseCursor } from "./cursor.js";
import type { RingEntry } from "./ring.js";

/** Pauses before an agent that does not answer is asked again, ms. */
const PAUSE_MS = 250;
const PAUSE_MS_MAX = 10_000;
/** Time for one page of what another agent remembers, ms. */
const PAGE_MS = 3_000;
const PAGE_EVENTS = 500;

/** What another agent's feed brings. */
export interface UpstreamEvents {
  /** It answers; its next event will be the one after `last`. False: not this one, end it. */
  connected(source: string, last: number): Promise<boolean>;
  event(source: string, entry: RingEntry): void;
  /** It broke off, or never answered. Called once until it answers again. */
  lost(reason: string): void;
}

export interface UpstreamOptions {
  readonly url: string;
  readonly peer: Peer;
  readonly streams: Streams;
  readonly clock: Clock;
}

/** The connection to one other agent's own feed, made again and again until the signal aborts. */
export async function followAgent(
  options: UpstreamOptions,
  told: UpstreamEvents,
  signal: AbortSignal,
): Promise<void> {
  let silent = false;
  for (let pauseMs = PAUSE_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
    let reason = "it ended its answer";
    try {
      const stream = options.streams.open(`${options.url}/v1/events?scope=self`, signal);
      for await (const event of stream) {
        if (!(await take(event, told))) return;
        silent = false;
        pauseMs = PAUSE_MS;
      }
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    if (signal.aborted) return;
    if (!silent) told.lost(reason);
    silent = true;
    await options.clock.sleep(pauseMs, signal);
  }
}

async function take({ id, event, data }: StreamEvent, told: UpstreamEvents): Promise<boolean> {
  const [place] = parseCursor(id) ?? [];
  if (place === undefined) return true; // Said to those who follow there, and never told again.
  const [source, n] = place;
  if (event === "cursor") return told.connected(source, n);
  if (event !== "reset") told.event(source, toEntry(n, data));
  return true;
}

function toEntry(n: number, json: string): RingEntry {
  return { n, event: JSON.parse(json) as EventView, json };
}

/** Undefined when it does not answer, or another agent does. */
async function askPage(
  peer: Peer,
  request: Pick<PeerRequest, "url" | "path" | "only">,
): Promise<EventsView | undefined> {
  try {
    const { said } = await peer.ask<EventsView>({ ...request, method: "GET", limitMs: PAGE_MS });
    return said;
  } catch {
    return undefined; // Its feed breaks off too, which is told.
  }
}

/**
 * What that agent remembers after event `n` of this source, up to `last`; less when it remembers
 * no more, nothing when it does not answer.
 */
export async function fetchMissed(
  { url, peer }: Pick<UpstreamOptions, "url" | "peer">,
  source: string,
  { n, last }: { readonly n: number; readonly last: number },
): Promise<readonly RingEntry[]> {
  const entries: RingEntry[] = [];
  for (let after = n; after < last;) {
    const query = `after=${encodeURIComponent(formatPlace(source, after))}&limit=${PAGE_EVENTS}`;
    const path = `/v1/events?scope=self&${query}`;
    const page = await askPage(peer, { url, path, only: agentOf(source) });
    const [newest] = parseCursor(page?.nextCursor ?? "") ?? [];
    if (page === undefined || newest?.[0] !== source || page.items.length === 0) break;
    for (const { cursor, ...event } of page.items) {
      const [place] = parseCursor(cursor) ?? [];
      if (place !== undefined && place[1] <= last) {
        entries.push({ n: place[1], event, json: JSON.stringify(event) });
      }
    }
    after = Math.max(after + 1, newest[1]);
  }
  return entries;
}
