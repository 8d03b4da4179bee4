import type { FlowsView } from "../../../common/wire.js";
import type { Random } from "../../../test/property/random.js";

/** What is known of: names, places (`event`: of the feed of all agents; `line`: of one job's), and under a job's state the ids of those that had it. */
export type Kind =
  | ("job" | "schedule" | "agent" | "cursor" | "event" | "line" | "atom" | "token")
  | ("RUNNING" | "SUSPENDED" | "SUCCESS");

const KEPT = 60;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const LINE = /^\d+\.\d+$/;
const STATES: readonly string[] = ["RUNNING", "SUSPENDED", "SUCCESS"] satisfies readonly Kind[];

/** What an agent has really got, as its answers tell: of each kind the newest. */
export class Known {
  readonly flows: FlowsView["items"];
  readonly #pools = new Map<string, string[]>();

  constructor(flows: FlowsView["items"], agents: readonly string[]) {
    this.flows = flows;
    for (const agent of ["self", ...agents]) this.#add("agent", agent);
  }

  pick(kind: Kind, random: Random): string | undefined {
    const pool = this.#pools.get(kind) ?? [];
    return pool[random.whole(0, Math.max(0, pool.length - 1))];
  }

  /** Takes what can be asked for again out of an answer. */
  learn(path: string, value: unknown): void {
    if (Array.isArray(value)) {
      for (const each of value.slice(0, KEPT)) this.learn(path, each);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    const { id, state } = value as { readonly id?: unknown; readonly state?: unknown };
    // What a schedule posts has a name, too.
    const isSchedule = path.startsWith("/v1/schedules") && "cron" in value && "name" in value;
    if (isSchedule) this.#add("schedule", String(value.name));
    if (typeof id === "string" && STATES.includes(String(state))) this.#add(String(state), id);
    for (const [key, each] of Object.entries(value)) {
      if (typeof each === "string") this.#note(path, key, each);
      else if (key === "token" && typeof each === "number") this.#add("token", String(each));
      else this.learn(path, each);
    }
  }

  /** There is nothing of that name, or no more. */
  forget(name: string): void {
    for (const [kind, pool] of this.#pools) {
      if (kind !== "agent" && pool.includes(name)) pool.splice(pool.indexOf(name), 1);
    }
  }

  #note(path: string, key: string, text: string): void {
    if (key === "id" && UUID.test(text)) {
      if (!path.startsWith("/v1/schedules")) this.#add("job", text);
    } else if (key === "id" || key === "cursor" || key === "nextCursor") {
      const feed = path.endsWith("/events") ? "event" : "cursor";
      this.#add(LINE.test(text) ? "line" : feed, text);
    }
    if (key === "atom") this.#add("atom", text);
  }

  #add(kind: string, text: string): void {
    const pool = this.#pools.get(kind) ?? [];
    this.#pools.set(kind, pool);
    if (pool.includes(text)) return;
    pool.push(text);
    if (pool.length > KEPT) pool.shift();
  }
}
