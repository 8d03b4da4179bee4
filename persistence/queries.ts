import { STARTABLE } from "../common/job.js";
import { CONTROL_COLUMNS } from "./flow-control/rows.js";
import { SUMMARY_COLUMNS } from "./rows.js";

/* Statements with the same text in every dialect. */

/** A job with its texts; its id follows. */
export const JOB = `SELECT ${[...SUMMARY_COLUMNS, ...CONTROL_COLUMNS].join(", ")}, spec, params
  FROM jobs JOIN job_texts ON job_texts.job = jobs.id
    LEFT JOIN job_controls ON job_controls.job = jobs.id
  WHERE id = `;

/**
 * Startable jobs in order of id, for `cursor` and `limit` as a dialect writes values. One index
 * range a state: an index on (state, id) has no order of id over several states.
 */
export function openJobs(cursor: string, limit: string): string {
  const ranges = STARTABLE.map(
    (state) => `SELECT * FROM (SELECT id, signature, priority, run_at, state FROM jobs
      WHERE state = '${state}' AND id > ${cursor} ORDER BY id LIMIT ${limit}) AS ${state}`,
  );
  return `SELECT opened.*, start_by, started, slot_key, slot
    FROM (${ranges.join(" UNION ALL ")}) AS opened
    LEFT JOIN job_controls ON job_controls.job = opened.id ORDER BY id LIMIT ${limit}`;
}

/** Jobs that are not over, by state: a walk of that part of the index alone. */
export const COUNTS = `SELECT state, count(*) AS jobs FROM jobs
  WHERE state IN (${[...STARTABLE, "SUSPENDED"].map((state) => `'${state}'`).join(", ")})
  GROUP BY state`;

/** `'WAITING', 'RUNNING', 'REVERTING'`. */
export const STARTABLE_LIST = STARTABLE.map((state) => `'${state}'`).join(", ");

/** In the JSON of an entry: it says something of an atom. Quotes within a text have backslashes. */
export const OF_ATOM = '"atom":';
