import type { JobState } from "../../common/job.js";
import type { LogCursor, LogLine } from "../../common/log.js";

/** Lines that one ownership of a job wrote one after the other; they are stored and go together. */
export interface LogChunk {
  readonly job: string;
  readonly token: number;
  /** Number of its last line; an ownership counts its lines from 1. */
  readonly n: number;
  /** Name of the agent that wrote them. */
  readonly agent: string;
  readonly lines: readonly LogLine[];
}

/** A chunk with its number: no chunk of a job becomes visible after one with a higher number. */
export interface StoredChunk extends LogChunk, LogCursor {}

/** `after` reads on in the order of storing; `before` reads back, that chunk left out. */
export type LogRange =
  | { readonly after: LogCursor; readonly limit: number }
  | { readonly before: number; readonly limit: number };

export interface LogPage {
  /** As it was when, or before, the chunks were read. */
  readonly state: JobState;
  /** At most `limit`; the first one of `after` may begin with lines up to it. */
  readonly chunks: readonly StoredChunk[];
}

export interface LogSize {
  /** Number of the chunk. */
  readonly seq: number;
  readonly bytes: number;
}

/**
 * What bodies and their commands wrote. Beside the journal, never in its transactions: nothing of
 * a job depends on its log. What is stored survives the death of any process, but not necessarily
 * a power cut.
 */
export interface LogStore {
  /**
   * Stores chunks, and resolves with what each takes, bytes. Doing it twice changes nothing, and
   * chunks of a job that was removed are left out.
   */
  addLogs(chunks: readonly LogChunk[]): Promise<readonly number[]>;
  /** Part of a job's log; undefined when there is no such job. */
  logs(job: string, range: LogRange): Promise<LogPage | undefined>;
  /** What each chunk of a job takes, oldest first. */
  logSizes(job: string): Promise<readonly LogSize[]>;
  /** Removes the chunks up to and including this one; the last one's number is not to be lost. */
  removeLogs(job: string, upTo: number): Promise<void>;
}
