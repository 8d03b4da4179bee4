import type { Knex } from "knex";
import { ENDED, type JobState, STARTABLE } from "../common/job.js";
import { text as textOf } from "./columns.js";
import { CONTROL_COLUMNS } from "./flow-control/rows.js";
import type { JobFilter, JobPage, PersistenceTraits } from "./persistence.js";
import { SUMMARY_COLUMNS, toSummary } from "./rows.js";
import { wordsOf } from "./words.js";

const ALL_STATES: readonly JobState[] = [...STARTABLE, "SUSPENDED", ...ENDED];

/** Traits of a persistence whose jobs are listed by `listJobs`. */
export const ALL_FILTERS: PersistenceTraits = { filters: ["agent", "text"] };

const DAY_MS = 86_400_000;
/** Jobs with the first word of a text that are looked at for one page. */
const WALK_MAX = 10_000;

export interface Wanted {
  readonly filter: JobFilter;
  readonly limit: number;
  /** The last id of the page before. */
  readonly cursor?: string;
  readonly dialect: ListingDialect;
}

/** How a statement says how it is done, where the server would choose by its statistics. */
export interface ListingDialect {
  /** Behind the name of a table: by this index. */
  useIndex(name: string): string;
  /** Between two tables: the left one first. */
  readonly thenJoin: string;
}

/**
 * One page of jobs, newest first. Cost does not depend on how many jobs there are: every
 * combination of filters walks an index that ends in the id. With a text that is the index of
 * words; jobs that have the first word and do not fit the rest are passed over, a bounded number:
 * then the page is short, and the next one goes on there. The index is named: a server that chooses
 * by its statistics prefers a scan sometimes, or merges two indices.
 */
export async function listJobs(knex: Knex, wanted: Wanted): Promise<JobPage> {
  const end = await endOfWalk(knex, wanted);
  const rows = await toQuery(knex, wanted, end);
  const jobs = rows.slice(0, wanted.limit).map(toSummary);
  const next = rows.length > wanted.limit ? jobs.at(-1)?.id : end;
  return next === undefined ? { jobs } : { jobs, next };
}

type Rows = readonly Readonly<Record<string, unknown>>[];

function toQuery(knex: Knex, wanted: Wanted, end: string | undefined): PromiseLike<Rows> {
  const { text } = wanted.filter;
  const ids = text === undefined ? idsOf(knex, wanted) : withWords(knex, wanted, end);
  if (ids === undefined) return Promise.resolve([]);
  // Rows are read for the ids that are left; finding these takes the indices alone.
  return knex
    .select(...SUMMARY_COLUMNS, ...CONTROL_COLUMNS)
    .from("jobs")
    .leftJoin("job_controls", "job_controls.job", "jobs.id")
    .whereIn("id", knex.select("id").from(ids.as("found")))
    .orderBy("id", "desc");
}

/** The ids of a page and one more; undefined when no state is asked for. */
function idsOf(knex: Knex, wanted: Wanted): Knex.QueryBuilder | undefined {
  const { states, flow, agent } = wanted.filter;
  if (states === undefined && flow === undefined && agent === undefined) return range(knex, wanted);
  // The indices have the state before the id, so each state is a range of its own.
  const [first, ...others] = (states ?? ALL_STATES).map((state) =>
    knex.select("id").from(range(knex, wanted, state).as("part")),
  );
  return first
    ?.unionAll(others)
    .orderBy("id", "desc")
    .limit(wanted.limit + 1);
}

function range(knex: Knex, wanted: Wanted, state?: JobState): Knex.QueryBuilder {
  const { filter, limit, cursor } = wanted;
  const index = state === undefined ? "" : wanted.dialect.useIndex(indexFor(filter));
  const query = knex.select("id").from(knex.raw(`jobs ${index}`));
  if (state !== undefined) query.where("state", state);
  narrow(query, filter);
  if (cursor !== undefined) query.where("id", "<", cursor);
  return query.orderBy("id", "desc").limit(limit + 1); // One more tells whether a page follows.
}

/** For a state and these. */
function indexFor({ flow, agent }: JobFilter): string {
  if (flow === undefined) return agent === undefined ? "jobs_by_state" : "jobs_by_agent";
  return agent === undefined ? "jobs_by_flow" : "jobs_by_flow_and_agent";
}

function narrow(query: Knex.QueryBuilder, { flow, agent, since }: JobFilter): void {
  if (flow !== undefined) query.where("flow", flow);
  if (agent !== undefined) query.where("agent", agent);
  if (since === undefined) return;
  query.where("posted_at", ">=", since);
  query.where("id", ">=", idBefore(since - DAY_MS)); // Where the walk may stop.
}

/** The last job to be looked at for this page, when the text is not all that is asked for. */
async function endOfWalk(knex: Knex, wanted: Wanted): Promise<string | undefined> {
  const { text, ...others } = wanted.filter;
  const [first, ...words] = wordsOf(text ?? "");
  if (first === undefined || (words.length === 0 && Object.keys(others).length === 0)) {
    return undefined;
  }
  const rows: Rows = await byWord(knex, wanted, first)
    .offset(WALK_MAX - 1)
    .limit(1);
  return rows[0] === undefined ? undefined : textOf(rows[0], "id");
}

/** The ids of a page and one more; undefined for a text without any word. */
function withWords(
  knex: Knex,
  wanted: Wanted,
  end: string | undefined,
): Knex.QueryBuilder | undefined {
  const { filter, limit, dialect } = wanted;
  const { states, flow, agent, since, text = "" } = filter;
  const [first, ...others] = wordsOf(text);
  if (first === undefined || states?.length === 0) return undefined;
  const query = byWord(knex, wanted, first).limit(limit + 1);
  others.forEach((word, index) => {
    const other = `other${index}`;
    query
      .joinRaw(`${dialect.thenJoin} job_words ${other} ON ${other}.job = job_words.job`)
      .where(`${other}.word`, word);
  });
  if ([states, flow, agent, since].some((one) => one !== undefined)) {
    query.joinRaw(`${dialect.thenJoin} jobs ON jobs.id = job_words.job`);
    narrow(query, filter);
    if (states !== undefined) query.whereIn("state", states);
  }
  if (end !== undefined) query.where("job_words.job", ">=", end);
  return query;
}

/** Ids of the jobs with this word, after the cursor. */
function byWord(knex: Knex, { cursor, dialect }: Wanted, word: string): Knex.QueryBuilder {
  const query = knex
    .select("job_words.job as id")
    .from(knex.raw(`job_words ${dialect.useIndex("job_words_by_word")}`))
    .where("job_words.word", word)
    .orderBy("job_words.job", "desc");
  return cursor === undefined ? query : query.where("job_words.job", "<", cursor);
}

/** The smallest UUIDv7 of that moment. Posters' clocks may differ by a day from the database's. */
function idBefore(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
