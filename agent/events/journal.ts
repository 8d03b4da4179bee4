import { type EndState, isEnded } from "../../common/job.js";
import type { EventType, EventView } from "../../common/wire/events.js";
import type { AtomState, Change, Entry, FlowState } from "../../engine/journal.js";
import type { JobRow } from "../../persistence/persistence.js";
import type { JobPlace } from "./cursor.js";

/** An event of a journal, with its place there. */
export interface JournalEvent extends JobPlace {
  readonly event: EventView;
}

type Fields = Omit<EventView, "type" | "at" | "agent" | "job" | "flow" | "token" | "seq">;
type Saying = Fields & { readonly type: EventType };

/**
 * Tells what the entries of a journal mean, one after the other from the first. What an entry says
 * follows from it and those before it alone: every agent gives each event the same place.
 */
export class JournalReader {
  /** Of the last entry that was read. */
  seq = 0;
  /** How the job ended, once an entry said so. */
  ended: EndState | undefined;
  readonly #job: string;
  readonly #flow: string;
  readonly #atoms = new Map<string, AtomState>();
  #state: string = "WAITING";
  #token = 0;

  constructor({ id, needs }: Pick<JobRow, "id" | "needs">) {
    this.#job = id;
    this.#flow = needs.flow;
  }

  /** `agent`: whose ownership wrote it, when that is known. */
  read(entry: Entry, agent: string | undefined): readonly JournalEvent[] {
    const { seq, token } = entry;
    const owned = token !== this.#token && !isKept(entry);
    const owner: readonly Saying[] = owned ? [{ type: "job.owner" }] : [];
    this.#token = token;
    this.seq = seq;
    const sayings = [...owner, ...entry.changes.flatMap((change) => this.#say(change))];
    const common = {
      at: new Date(entry.at).toISOString(),
      ...(agent === undefined ? {} : { agent }),
      ...{ job: this.#job, flow: this.#flow },
    };
    return sayings.map(({ type, ...fields }, index) => {
      return { seq, index, event: { type, ...common, ...fields, token, seq } };
    });
  }

  #say(change: Change): readonly Saying[] {
    switch (change.change) {
      case "atom":
        return [this.#move(change.atom, change.to, failureOf(change))];
      case "kept":
        return [this.#move(change.atom, "SUCCESS")];
      case "ignore":
        return change.atoms.map((atom) => this.#move(atom, "IGNORE"));
      case "reset":
        return change.atoms.map((atom) => this.#move(atom, "PENDING", { retry: change.retry }));
      case "again":
        return change.atoms.map((atom) => ({ type: "atom.again", atom }));
      case "saved":
        return [{ type: "atom.saved", atom: change.atom }];
      case "decision": {
        const { retry, atom, decision } = change;
        return [{ type: "retry.decision", retry, atom, decision, ...failureOf(change) }];
      }
      case "wait": {
        const until = new Date(change.until).toISOString();
        return [{ type: "retry.wait", retry: change.retry, until }];
      }
      case "cancel":
        return [{ type: "job.cancel", revert: change.revert, ...failureOf(change) }];
      case "flow":
        return this.#enter(change.to);
      case "handover":
        return [{ type: "job.handover" }];
      case "migrated":
        return [{ type: "job.migrated", from: change.from, to: change.to }];
    }
  }

  #move(atom: string, to: AtomState, fields: Fields = {}): Saying {
    const from = this.#atoms.get(atom) ?? "PENDING";
    this.#atoms.set(atom, to);
    return { type: "atom.state", atom, from, to, ...fields };
  }

  #enter(flow: FlowState): readonly Saying[] {
    // A flow that is PENDING is a job that is WAITING.
    const to = flow === "PENDING" ? "WAITING" : flow;
    const moved: Saying = { type: "job.state", from: this.#state, to };
    this.#state = to;
    if (to === "WAITING" || !isEnded(to)) return [moved];
    this.ended = to;
    return [moved, { type: "job.finished", to }];
  }
}

function failureOf({ failure }: Pick<EventView, "failure">): Fields {
  return failure === undefined ? {} : { failure };
}

/**
 * What is kept of the job that this one retries, written by who posted it: no owner (P-39).
 * What a decider had skipped is kept beside results: those that it was asked about.
 */
export function isKept({ changes }: Pick<Entry, "changes">): boolean {
  const isResult = ({ change }: Change): boolean => change === "kept";
  return (
    changes.some(isResult) && changes.every((each) => isResult(each) || each.change === "ignore")
  );
}

/** Before the first entry: how it came to be there. */
export function postedEvent(row: JobRow): JournalEvent {
  const { id, needs, name, postedAt, postedVia, runAt } = row;
  const event: EventView = {
    ...{ type: "job.posted", at: new Date(postedAt).toISOString(), agent: postedVia, job: id },
    ...{ flow: needs.flow, version: needs.version, name },
    ...(runAt === undefined ? {} : { until: new Date(runAt).toISOString() }),
  };
  return { seq: 0, index: 0, event };
}
