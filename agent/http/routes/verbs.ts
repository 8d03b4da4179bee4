import type { FastifyRequest } from "fastify";
import type {
  GcRequest,
  ReleaseRequest,
  ReprioritiseRequest,
  RetryRequest,
} from "../../../common/wire/verbs.js";
import type { Jobs } from "../../jobs.js";
import type { Route } from "../route.js";
import { JOB_PARAMS, POST_HEADERS } from "../schemas.js";
import { GC, RELEASE_JOB, REPRIORITISE_JOB, RETRY_JOB } from "../schemas/verbs.js";
import { answerPosting, keyOf } from "./answer-posting.js";

/** Retry, release, reprioritise, remove. The casts follow the schema check of their route. */
export function verbRoutes({ jobs }: { readonly jobs: Jobs }): readonly Route[] {
  const { verbs } = jobs;
  return [
    {
      method: "POST",
      url: "/v1/jobs/:id/retry",
      schema: { params: JOB_PARAMS, headers: POST_HEADERS, body: RETRY_JOB },
      handler: async (request, reply) => {
        const body = (request.body ?? {}) as RetryRequest;
        return answerPosting(reply, verbs.retry(idOf(request), body, keyOf(request)));
      },
    },
    {
      method: "POST",
      url: "/v1/jobs/:id/release",
      schema: { params: JOB_PARAMS, body: RELEASE_JOB },
      handler: (request) => verbs.release(idOf(request), (request.body ?? {}) as ReleaseRequest),
    },
    {
      method: "POST",
      url: "/v1/jobs/:id/reprioritise",
      schema: { params: JOB_PARAMS, body: REPRIORITISE_JOB },
      handler: (request) => {
        const { priority } = request.body as ReprioritiseRequest;
        return verbs.reprioritise(idOf(request), priority);
      },
    },
    {
      method: "DELETE",
      url: "/v1/jobs/:id",
      schema: { params: JOB_PARAMS },
      handler: async (request, reply) => {
        await verbs.remove(idOf(request));
        return reply.code(204).send();
      },
    },
    {
      method: "POST",
      url: "/v1/jobs::gc",
      schema: { body: GC },
      handler: (request) => verbs.removeOld(request.body as GcRequest),
    },
  ];
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}
