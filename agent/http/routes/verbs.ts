import type { FastifyRequest } from "fastify";
import type {
  GcRequest,
  ReleaseRequest,
  ReprioritiseRequest,
  RetryRequest,
} from "../../../common/wire/verbs.js";
import type { Route, RouteOptions } from "../route.js";
import { JOB, JOB_PARAMS } from "../schemas/jobs.js";
import { POST_HEADERS, POSTED } from "../schemas/posting.js";
import { NOTHING } from "../schemas/schema.js";
import { GC, GC_DONE, RELEASE_JOB, REPRIORITISE_JOB, RETRY_JOB } from "../schemas/asking.js";
import { answerPosting, keyOf } from "./posting.js";

/** Retry, release, reprioritise, remove. */
export function verbRoutes({ jobs }: RouteOptions): readonly Route[] {
  return [
    {
      method: "POST",
      url: "/v1/jobs/:id/retry",
      operationId: "retryJob",
      summary: "Post a job that is over once more, whole or from one of its atoms on",
      ...{ tag: "jobs", scope: "operate" },
      schema: { params: JOB_PARAMS, headers: POST_HEADERS, body: RETRY_JOB, response: POSTED },
      handler: async (request, reply) => {
        const body = (request.body ?? {}) as RetryRequest;
        return answerPosting(reply, await jobs.verbs.retry(idOf(request), body, keyOf(request)));
      },
    },
    {
      method: "POST",
      url: "/v1/jobs/:id/release",
      operationId: "releaseJob",
      summary: "Take a job from an owner that is dead or hangs, for any other agent",
      ...{ tag: "jobs", scope: "operate" },
      schema: { params: JOB_PARAMS, body: RELEASE_JOB, response: { 200: JOB } },
      handler: (request) =>
        jobs.verbs.release(idOf(request), (request.body ?? {}) as ReleaseRequest),
    },
    {
      method: "POST",
      url: "/v1/jobs/:id/reprioritise",
      operationId: "reprioritiseJob",
      summary: "Give a job that waits another priority",
      ...{ tag: "jobs", scope: "operate" },
      schema: { params: JOB_PARAMS, body: REPRIORITISE_JOB, response: { 200: JOB } },
      handler: (request) => {
        const { priority } = request.body as ReprioritiseRequest;
        return jobs.verbs.reprioritise(idOf(request), priority);
      },
    },
    {
      method: "DELETE",
      url: "/v1/jobs/:id",
      operationId: "deleteJob",
      summary: "Remove a job that is over, with all that is known of it",
      ...{ tag: "jobs", scope: "operate" },
      schema: { params: JOB_PARAMS, response: { 204: NOTHING } },
      handler: async (request, reply) => {
        await jobs.verbs.remove(idOf(request));
        return reply.code(204).send();
      },
    },
    {
      method: "POST",
      url: "/v1/jobs::gc",
      operationId: "removeOldJobs",
      summary: "Remove a bounded number of jobs that have been over for long",
      ...{ tag: "jobs", scope: "operate" },
      schema: { body: GC, response: { 200: GC_DONE } },
      handler: (request) => jobs.verbs.removeOld(request.body as GcRequest),
    },
  ];
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}
