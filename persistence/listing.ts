import type { Knex } from "knex";
import { ENDED, type JobState, STARTABLE } from "../common/job.js";
import type { JobFilter, JobPage, PersistenceTraits } from "./persistence.js";
import { SUMMARY_COLUMNS, toSummary } from "./rows.js";
import { wordsOf } from "./words.js";

const ALL_STATES: readonly JobState[] = [...STARTABLE, "SUSPENDED", ...ENDED];

/** Traits of a persistence whose jobs are listed by `listJobs`. */
export const ALL_FILTERS: PersistenceTraits = { filters: ["agent", "text"] };

const DAY_MS = 86_400_000;

export interface Wanted {
  readonly filter: JobFilter;
  readonly limit: number;
  /** The last id of the page before. */
  readonly cursor?: string;
  /** How a statement says, behind the name of a table, which index it takes. */
  useIndex(name: string): string;
}

/**
 * One page of jobs, newest first. Cost does not depend on how many jobs there are: every
 * combination of filters walks an index that ends in the id. With a text that is the index of
 * words; jobs that have the word and do not fit the other filters are passed over. The index is named:
 * a server that chooses by its statistics prefers a scan sometimes, or merges two indices.
 */
export async function listJobs(knex: Knex, wanted: Wanted): Promise<JobPage> {
  const rows = await toQuery(knex, wanted);
  const jobs = rows.slice(0, wanted.limit).map(toSummary);
  const last = jobs.at(-1);
  return rows.length > wanted.limit && last !== undefined ? { jobs, next: last.id } : { jobs };
}

type Rows = readonly Readonly<Record<string, unknown>>[];

function toQuery(knex: Knex, wanted: Wanted): PromiseLike<Rows> {
  const ids = idsOf(knex, wanted);
  if (ids === undefined) return Promise.resolve([]);
  // Rows are read for the ids that are left; finding these takes the indices alone.
  return knex
    .select(...SUMMARY_COLUMNS)
    .from("jobs")
    .whereIn("id", knex.select("id").from(ids.as("found")))
    .orderBy("id", "desc");
}

/** The ids of a page and one more; undefined when no state is asked for. */
function idsOf(knex: Knex, wanted: Wanted): Knex.QueryBuilder | undefined {
  const { states, flow, agent, text } = wanted.filter;
  if (text !== undefined) return withWords(knex, wanted, wordsOf(text));
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
  const index = state === undefined ? "" : wanted.useIndex(indexFor(filter));
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

/** A text without any word has no jobs. */
function withWords(
  knex: Knex,
  { filter, limit, cursor, useIndex }: Wanted,
  [first, ...others]: readonly string[],
): Knex.QueryBuilder | undefined {
  if (first === undefined || filter.states?.length === 0) return undefined;
  const query = knex
    .select("job_words.job as id")
    .from(knex.raw(`job_words ${useIndex("job_words_by_word")}`))
    .where("job_words.word", first);
  others.forEach((word, index) => {
    const other = `other${index}`;
    query
      .join(`job_words as ${other}`, `${other}.job`, "job_words.job")
      .where(`${other}.word`, word);
  });
  const { states, flow, agent, since } = filter;
  if ([states, flow, agent, since].some((one) => one !== undefined)) {
    query.join("jobs", "jobs.id", "job_words.job");
    narrow(query, filter);
    if (states !== undefined) query.whereIn("state", states);
  }
  if (cursor !== undefined) query.where("job_words.job", "<", cursor);
  return query.orderBy("job_words.job", "desc").limit(limit + 1);
}

/** The smallest UUIDv7 of that moment. Posters' clocks may differ by a day from the database's. */
function idBefore(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
