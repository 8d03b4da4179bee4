import type { FastifyReply, FastifyRequest } from "fastify";
import { JobrunnerError } from "../../../common/error.js";
import type { PostRequest } from "../../../common/wire.js";
import type { RetryRequest } from "../../../common/wire/verbs.js";
import type { Jobs } from "../../jobs.js";
import { KeyInUse, type PostAnswer } from "../../jobs/posting.js";
import { LIMITS } from "../limits.js";
import { HttpError } from "../problem.js";
import type { Route, RouteOptions } from "../route.js";
import { RETRY_JOB } from "../schemas/asking.js";
import { JOB_PARAMS } from "../schemas/jobs.js";
import { CHECK, POST_FLOW_JOB, POST_HEADERS, POST_JOB, POSTED } from "../schemas/posting.js";
import { FLOW_PARAMS } from "../schemas/flows.js";
import { named } from "./flows.js";

export function postingRoutes({ jobs }: RouteOptions): readonly Route[] {
  let inFlight = 0;
  const limited: Limited = async (work) => {
    if (inFlight >= LIMITS.postsInFlight) throw busy();
    inFlight += 1;
    try {
      return await work();
    } catch (error) {
      throw error instanceof KeyInUse ? new HttpError(422, error) : error;
    } finally {
      inFlight -= 1;
    }
  };
  const post = (request: FastifyRequest, reply: FastifyReply, body: PostRequest) =>
    limited(async () => answerPosting(reply, await jobs.post(body, ...headersOf(request))));
  // The casts of bodies and queries in these files follow the schema check of their route.
  return [
    {
      method: "POST",
      url: "/v1/jobs",
      operationId: "postJob",
      summary: "Post a job; it is durable when this answers",
      ...{ tag: "jobs", scope: "post" },
      schema: { body: POST_JOB, headers: POST_HEADERS, response: POSTED },
      handler: (request, reply) => post(request, reply, request.body as PostRequest),
    },
    {
      method: "POST",
      url: "/v1/flows/:name/jobs",
      operationId: "postJobOfFlow",
      summary: "Post a job of this flow; the flow itself tells the schema of its parameters",
      ...{ tag: "jobs", scope: "post" },
      schema: {
        ...{ body: POST_FLOW_JOB, headers: POST_HEADERS, params: FLOW_PARAMS },
        response: POSTED,
      },
      handler: async (request, reply) => {
        const { name: flow } = request.params as { name: string };
        const body = request.body as Omit<PostRequest, "flow">;
        return named(post(request, reply, { ...body, flow }));
      },
    },
    {
      method: "POST",
      url: "/v1/jobs::check",
      operationId: "checkJob",
      summary: "Check a posting and draw its flow without posting it",
      ...{ tag: "jobs", scope: "post" },
      schema: { body: POST_JOB, response: { 200: CHECK } },
      handler: (request) => limited(() => jobs.check(request.body as PostRequest)),
    },
    retryRoute(jobs, limited),
  ];
}

type Limited = <T>(work: () => Promise<T>) => Promise<T>;

/** It posts a job, so that the limits of posting are its own. */
function retryRoute(jobs: Jobs, limited: Limited): Route {
  return {
    method: "POST",
    url: "/v1/jobs/:id/retry",
    operationId: "retryJob",
    summary: "Post a job that is over once more, whole or from one of its atoms on",
    ...{ tag: "jobs", scope: "operate" },
    schema: { params: JOB_PARAMS, headers: POST_HEADERS, body: RETRY_JOB, response: POSTED },
    handler: (request, reply) => {
      const { id } = request.params as { id: string };
      const body = (request.body ?? {}) as RetryRequest;
      const retry = () => jobs.verbs.retry(id, body, ...headersOf(request));
      return limited(async () => answerPosting(reply, await retry()));
    },
  };
}

/** 201 for a new job, 200 for the one that the same key gave before. */
function answerPosting(reply: FastifyReply, posting: PostAnswer): FastifyReply {
  if (!posting.created) reply.header("idempotency-replayed", "true");
  return reply
    .code(posting.created ? 201 : 200)
    .header("location", `/v1/jobs/${posting.view.id}`)
    .send(posting.view);
}

function headersOf(request: FastifyRequest): readonly [string | undefined, string | undefined] {
  return [keyOf(request), traceparentOf(request)];
}

function keyOf(request: FastifyRequest): string | undefined {
  const key = request.headers["idempotency-key"];
  return typeof key === "string" ? key : undefined;
}

const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** As the specification wants, one that is not valid is as good as none. */
function traceparentOf(request: FastifyRequest): string | undefined {
  const { traceparent } = request.headers;
  return typeof traceparent === "string" && TRACEPARENT.test(traceparent) ? traceparent : undefined;
}

function busy(): JobrunnerError {
  return new JobrunnerError("BUSY", "too many posts at the same time", {
    hint: "Send it again in a second, with the same Idempotency-Key.",
    retryable: true,
  });
}
