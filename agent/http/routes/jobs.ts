import { eitherSignal } from "../../../common/signals/either.js";
import { JobrunnerError } from "../../../common/error.js";
import { parseDuration } from "../../../common/text/duration.js";
import { whyEverywhere } from "../../cluster/why.js";
import type { ListQuery } from "../../jobs/listing.js";
import { onlyFields } from "../fields.js";
import { LIMITS } from "../limits.js";
import type { Route, RouteOptions } from "../route.js";
import { JOB_DETAIL } from "../schemas/job-detail.js";
import { JOB_ITEM, JOB_PARAMS, JOB_QUERY, JOBS, LIST_QUERY } from "../schemas/jobs.js";
import { WHY, WHY_QUERY } from "../schemas/why.js";

export function jobRoutes(options: RouteOptions): readonly Route[] {
  const { jobs } = options;
  return [
    {
      method: "GET",
      url: "/v1/jobs",
      operationId: "listJobs",
      summary: "List jobs, newest first",
      ...{ tag: "jobs", scope: "read" },
      schema: { querystring: LIST_QUERY, response: { 200: JOBS } },
      handler: async (request, reply) => {
        const query = request.query as ListQuery & { fields?: string };
        const page = await jobs.list(query);
        if (page.nextCursor !== undefined) {
          reply.header("link", `<${nextUrl(query, page.nextCursor)}>; rel="next"`);
        }
        return onlyFields(page, query.fields, JOB_ITEM);
      },
    },
    {
      method: "GET",
      url: "/v1/jobs/:id",
      operationId: "getJob",
      summary: "Show one job, whole, or wait for its end",
      ...{ tag: "jobs", scope: "read" },
      schema: { params: JOB_PARAMS, querystring: JOB_QUERY, response: { 200: JOB_DETAIL } },
      handler: (request, reply) => {
        const { id } = request.params as { id: string };
        const { wait } = request.query as { wait?: string };
        if (wait === undefined) return jobs.detail(id);
        const gone = new AbortController();
        reply.raw.once("close", () => gone.abort());
        const signal = eitherSignal(options.stopping, gone.signal);
        return jobs.awaitEnd(id, { ms: waitMs(wait), signal });
      },
    },
    {
      method: "GET",
      url: "/v1/jobs/:id/why",
      operationId: "whyJob",
      summary: "Tell why a job runs or does not, agent by agent",
      ...{ tag: "jobs", scope: "read" },
      schema: { params: JOB_PARAMS, querystring: WHY_QUERY, response: { 200: WHY } },
      handler: (request) => {
        const { id } = request.params as { id: string };
        const { here, agent: only } = request.query as { here?: string; agent?: string };
        if (here !== undefined) return jobs.why(id);
        return whyEverywhere(options.agents, jobs, { part: id, only });
      },
    },
  ];
}

function waitMs(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return Math.min(ms, LIMITS.waitMs);
  throw new JobrunnerError("USAGE", "query: /wait is not a duration", {
    hint: "Write it as 30s or 500ms; the longest is 60s.",
    cause: [{ pointer: "/wait", detail: "is not a duration" }],
  });
}

function nextUrl(query: ListQuery, cursor: string): string {
  const next = new URLSearchParams();
  for (const [key, value] of Object.entries({ ...query, cursor })) next.set(key, String(value));
  return `/v1/jobs?${next.toString()}`;
}
