import type { Knex } from "knex";
import { ENDED, type JobState, STARTABLE } from "../common/job.js";
import type { JobFilter, JobPage } from "./persistence.js";
import { SUMMARY_COLUMNS, toSummary } from "./rows.js";

const ALL_STATES: readonly JobState[] = [...STARTABLE, "SUSPENDED", ...ENDED];
const DAY_MS = 86_400_000;

export interface Wanted {
  readonly filter: JobFilter;
  readonly limit: number;
  /** The last id of the page before. */
  readonly cursor?: string;
}

/**
 * One page of jobs, newest first. Cost does not depend on how many jobs there are: every
 * combination of filters walks an index that ends in the id.
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

function range(knex: Knex, { filter, limit, cursor }: Wanted, state?: JobState): Knex.QueryBuilder {
  const query = knex("jobs").select("id");
  if (state !== undefined) query.where("state", state);
  if (filter.flow !== undefined) query.where("flow", filter.flow);
  if (filter.agent !== undefined) query.where("agent", filter.agent);
  if (filter.since !== undefined) {
    query.where("posted_at", ">=", filter.since);
    query.where("id", ">=", idBefore(filter.since - DAY_MS)); // Where the walk may stop.
  }
  if (cursor !== undefined) query.where("id", "<", cursor);
  return query.orderBy("id", "desc").limit(limit + 1); // One more tells whether a page follows.
}

/** The smallest UUIDv7 of that moment. Posters' clocks may differ by a day from the database's. */
function idBefore(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
