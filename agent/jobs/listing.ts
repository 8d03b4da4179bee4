import { JobrunnerError } from "../../common/error.js";
import { isEnded, isStartable, type JobState } from "../../common/job.js";
import type { JobsView } from "../../common/wire.js";
import type { JobFilter, Persistence } from "../../persistence/persistence.js";
import { toInstant } from "./options.js";
import { toJobView } from "./views.js";

const PAGE_JOBS = 50;

/** Query of a list, as it is written in a URL. */
export interface ListQuery {
  /** Several with commas between. */
  readonly state?: string;
  readonly flow?: string;
  readonly agent?: string;
  /** RFC 3339. */
  readonly since?: string;
  /** Words of the name or the flow. */
  readonly q?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export async function listJobs(persistence: Persistence, query: ListQuery): Promise<JobsView> {
  const wanted = query.state?.split(",").map(toState);
  const filter = toFilter(query, wanted);
  checkTraits(persistence, filter);
  const page = await persistence.jobs(filter, query.limit ?? PAGE_JOBS, query.cursor);
  const now = await persistence.now();
  const items = page.jobs
    .map((job) => toJobView(job, now))
    .filter(({ state }) => wanted === undefined || wanted.includes(state));
  return { items, ...(page.next === undefined ? {} : { nextCursor: page.next }) };
}

function toFilter(query: ListQuery, wanted: readonly ListedState[] | undefined): JobFilter {
  // SCHEDULED is not stored: it is WAITING, and told apart when the page is there.
  const stored = wanted?.map((state) => (state === "SCHEDULED" ? "WAITING" : state));
  return {
    ...(stored === undefined ? {} : { states: [...new Set(stored)] }),
    ...(query.flow === undefined ? {} : { flow: query.flow }),
    ...(query.agent === undefined ? {} : { agent: query.agent }),
    ...(query.since === undefined ? {} : { since: toInstant(query.since, "/since") }),
    ...(query.q === undefined ? {} : { text: query.q }),
  };
}

function checkTraits({ traits }: Pick<Persistence, "traits">, filter: JobFilter): void {
  for (const [name, key] of [
    ["agent", "agent"],
    ["text", "q"],
  ] as const) {
    if (filter[name] === undefined || traits.filters.includes(name)) continue;
    throw new JobrunnerError("USAGE", `this persistence cannot list jobs by ${name}`, {
      hint: "List them by state, flow or time.",
      cause: [{ pointer: `/${key}`, detail: "cannot be asked here" }],
    });
  }
}

type ListedState = JobState | "SCHEDULED";

function toState(text: string): ListedState {
  if (text === "SCHEDULED" || text === "SUSPENDED") return text;
  const state = text as JobState;
  if (isStartable(state) || isEnded(state)) return state;
  throw new JobrunnerError("USAGE", `there is no job state "${text}"`, {
    hint: "Ask for SCHEDULED, WAITING, RUNNING, REVERTING, SUSPENDED or an end state.",
    cause: [{ pointer: "/state", detail: "is not a state" }],
  });
}
