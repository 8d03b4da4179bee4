import type { Persistence } from "../../persistence/persistence.js";
import { LogBook, type LogBookOptions } from "./book.js";
import { Feeds } from "./feeds.js";
import { createJobLogs, type JobLogs } from "./job-logs.js";

export interface LogsOptions extends Omit<LogBookOptions, "stored" | "persistence"> {
  readonly persistence: Persistence;
}

/** The logs of jobs on this agent: what its own jobs write, and what is read of all. */
export interface Logs extends AsyncDisposable {
  readonly book: LogBook;
  readonly read: JobLogs;
  /** This agent is done with a job: who follows it should look now. */
  wake(job: string): void;
}

export function createLogs(options: LogsOptions): Logs {
  const feeds = new Feeds(options);
  const wake = (job: string): void => feeds.wake(job);
  const book = new LogBook({ ...options, stored: wake });
  return {
    ...{ book, read: createJobLogs(options.persistence, feeds), wake },
    [Symbol.asyncDispose]: () => book[Symbol.asyncDispose](),
  };
}
