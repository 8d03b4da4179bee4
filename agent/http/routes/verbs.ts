import type { FastifyRequest } from "fastify";
import type { GcRequest, ReleaseRequest, ReprioritiseRequest } from "../../../common/wire/verbs.js";
import type { Route, RouteOptions } from "../route.js";
import { JOB, JOB_PARAMS, WHOLE_JOB_PARAMS } from "../schemas/jobs.js";
import { NOTHING } from "../schemas/schema.js";
import { GC, GC_DONE, RELEASE_JOB, REPRIORITISE_JOB } from "../schemas/asking.js";

/** Release, reprioritise, remove. */
export function verbRoutes({ jobs }: RouteOptions): readonly Route[] {
  return [
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
      schema: { params: WHOLE_JOB_PARAMS, response: { 204: NOTHING } },
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
