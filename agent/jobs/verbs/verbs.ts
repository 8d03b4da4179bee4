import type { JobView } from "../../../common/wire.js";
import type {
  GcRequest,
  GcView,
  ReleaseRequest,
  RetryRequest,
} from "../../../common/wire/verbs.js";
import type { JobsOptions } from "../options.js";
import type { PostAnswer } from "../posting.js";
import { releaseJob } from "./releasing.js";
import { removeJob, removeOldJobs } from "./removing.js";
import { reprioritiseJob } from "./reprioritising.js";
import { retryJob } from "./retrying.js";

/**
 * What people do to jobs beside asking their owners (P-38 to P-42). Durable when it resolves;
 * asking again changes nothing more. Each throws NOT_FOUND, USAGE for an ambiguous id, and
 * CONFLICT, with the state, when the job's state excludes it.
 */
export interface Verbs {
  /** Throws what posting throws as well. */
  retry(
    part: string,
    request: RetryRequest,
    key?: string,
    traceparent?: string,
  ): Promise<PostAnswer>;
  release(part: string, request: ReleaseRequest): Promise<JobView>;
  reprioritise(part: string, priority: number): Promise<JobView>;
  /** Takes a whole id only. */
  remove(id: string): Promise<void>;
  removeOld(request: GcRequest): Promise<GcView>;
}

export function createVerbs(options: JobsOptions): Verbs {
  return {
    retry: (part, request, key, traceparent) =>
      retryJob(options, part, { request, key, traceparent }),
    release: (part, request) => releaseJob(options, part, request),
    reprioritise: (part, priority) => reprioritiseJob(options, part, priority),
    remove: (id) => removeJob(options, id),
    removeOld: (request) => removeOldJobs(options, request),
  };
}
