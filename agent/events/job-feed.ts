import type { Logger } from "pino";
import type { Clock } from "../../common/clock.js";
import type { EndState } from "../../common/job.js";
import type { Entry } from "../../engine/journal.js";
import type { JobRow, Persistence } from "../../persistence/persistence.js";
import { noSuchJob } from "../jobs/resolve.js";
import { formatJobPlace, isAfter, type JobPlace } from "./cursor.js";
import { eventText, type Reader } from "./follower.js";
import { type JournalEvent, JournalReader, postedEvent } from "./journal.js";
import { toJson } from "./telling/told.js";

/** Longest time without a look at the journal of a job that somebody follows, ms. */
const LOOK_MS = 1_000;

export interface JobFeedOptions {
  readonly persistence: Pick<Persistence, "job" | "load" | "ownerships" | "matchIds">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A journal as it was when it was read. */
export interface ReadJournal {
  /** Full id of the job. */
  readonly id: string;
  readonly events: readonly JournalEvent[];
  readonly reader: JournalReader;
}

/** All there is. `id` is whole. Throws NOT_FOUND. */
export async function readJournal(
  { persistence }: Pick<JobFeedOptions, "persistence">,
  id: string,
): Promise<ReadJournal> {
  const row = await persistence.job(id);
  if (row === undefined) throw noSuchJob(id);
  const reader = new JournalReader(row);
  const entries = await persistence.load(id);
  const agents = await agentsOf(persistence, row, entries);
  const events = entries.flatMap((entry) => reader.read(entry, agents.get(entry.token)));
  return { id, events: [postedEvent(row), ...events], reader };
}

async function agentsOf(
  persistence: JobFeedOptions["persistence"],
  { id }: Pick<JobRow, "id">,
  entries: readonly Entry[],
): Promise<ReadonlyMap<number, string>> {
  if (entries.length === 0) return new Map();
  const ownerships = await persistence.ownerships(id);
  return new Map(ownerships.map(({ token, agent }) => [token, agent]));
}

interface JobFollower {
  readonly reader: Pick<Reader, "write">;
  /** Entries up to this one it has from its own reading. */
  readonly seq: number;
  readonly ended: () => void;
}

/**
 * The end of one job's journal, for all who follow it here: one read for all of them, when somebody
 * says that there is something new and every second otherwise.
 */
export class JobFeed {
  readonly #id: string;
  readonly #options: JobFeedOptions;
  #reader: JournalReader;
  readonly #followers = new Set<JobFollower>();
  readonly #stop = new AbortController();
  #agents: ReadonlyMap<number, string> = new Map();
  #woken = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #isGone = false;

  /** `reader` has read the journal up to now. */
  constructor(id: string, reader: JournalReader, options: JobFeedOptions) {
    this.#id = id;
    this.#reader = reader;
    this.#options = options;
  }

  get size(): number {
    return this.#followers.size;
  }

  /** Of the last entry that was sent. */
  get seq(): number {
    return this.#reader.seq;
  }

  /** How the job ended, once an entry said so; `gone` when it was deleted before that was read. */
  get #ended(): EndState | "gone" | undefined {
    return this.#isGone ? "gone" : this.#reader.ended;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#woken.abort();
    await this.#loop;
  }

  /** The entry with this number may be there now. */
  wake(seq: number): void {
    if (seq > this.#reader.seq) this.#woken.abort();
  }

  /** What is in no journal: to those who follow now. */
  pass(text: string): void {
    for (const { reader } of this.#followers) reader.write(text);
  }

  /** Sends what is written after entry `seq`; the answer stops that. `ended`: the end was sent. */
  join(seq: number, reader: Pick<Reader, "write">, ended: () => void): () => void {
    const follower = { reader, seq, ended };
    this.#followers.add(follower);
    if (this.#ended !== undefined) this.#end(follower);
    return () => this.#followers.delete(follower);
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    while (!this.#stop.signal.aborted && this.#ended === undefined) {
      this.#woken = new AbortController();
      try {
        await this.#look();
      } catch (error) {
        log.debug({ jobId: this.#id, err: error }, "a followed job was not read");
      }
      if (this.#stop.signal.aborted || this.#ended !== undefined) break;
      await clock.sleep(LOOK_MS, this.#woken.signal);
    }
  }

  async #look(): Promise<void> {
    const { persistence } = this.#options;
    const from = this.#reader.seq;
    const entries = await persistence.load(this.#id, from);
    if (entries.length === 0) return this.#lookForJob();
    if (entries.some(({ token }) => !this.#agents.has(token))) {
      this.#agents = await agentsOf(persistence, { id: this.#id }, entries);
    }
    this.#send(await this.#read(entries), from);
    this.#endAll();
  }

  /** A job that was deleted soon after its end is over without a word. */
  async #lookForJob(): Promise<void> {
    const [found] = await this.#options.persistence.matchIds(this.#id, 1);
    this.#isGone = found !== this.#id;
    this.#endAll();
  }

  #endAll(): void {
    if (this.#ended === undefined) return;
    for (const follower of this.#followers) this.#end(follower);
  }

  async #read(entries: readonly Entry[]): Promise<readonly JournalEvent[]> {
    if (!entries.some(isMigration)) {
      return entries.flatMap((entry) => this.#reader.read(entry, this.#agents.get(entry.token)));
    }
    // What was read before has other names now: it is read again, as whoever comes next reads it.
    const { events, reader } = await readJournal(this.#options, this.#id);
    this.#reader = reader;
    return events;
  }

  #send(events: readonly JournalEvent[], from: number): void {
    const after = (place: number): string => textOf(events.filter(({ seq }) => seq > place));
    const most = after(from);
    for (const { reader, seq } of this.#followers) reader.write(seq > from ? after(seq) : most);
  }

  #end({ reader, ended }: JobFollower): void {
    reader.write(eventText("end", JSON.stringify({ state: this.#ended })));
    ended();
  }
}

function isMigration({ changes }: Entry): boolean {
  return changes.some(({ change }) => change === "migrated");
}

export function textOf(events: readonly JournalEvent[]): string {
  return events
    .map((each) => eventText(each.event.type, toJson(each.event).json, formatJobPlace(each)))
    .join("");
}

/** Those after that place. */
export function eventsAfter(
  events: readonly JournalEvent[],
  place: JobPlace | undefined,
): readonly JournalEvent[] {
  return place === undefined ? events : events.filter((event) => isAfter(event, place));
}
