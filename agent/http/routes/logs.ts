import type { FastifyReply, FastifyRequest } from "fastify";
import type { LogsView } from "../../../common/wire/logs.js";
import { toInstant } from "../../jobs/options.js";
import { parseCursor } from "../../logs/cursor.js";
import type { JobLogs } from "../../logs/job-logs.js";
import type { LogWish } from "../../logs/reading.js";
import { LIMITS } from "../limits.js";
import type { Route } from "../route.js";
import { JOB_PARAMS } from "../schemas/jobs.js";
import { LOGS_ANSWER, LOGS_HEADERS, LOGS_QUERY } from "../schemas/logs.js";
import type { SseStreams } from "../sse.js";

export interface LogRouteOptions {
  readonly logs: JobLogs;
  readonly streams: SseStreams;
}

/** As the schema lets it through. */
interface LogsQuery {
  readonly atom?: string;
  readonly since?: string;
  readonly tail?: number;
  readonly cursor?: string;
  readonly limit?: number;
  readonly follow?: "true" | "false";
}

export function logRoutes({ logs, streams }: LogRouteOptions): readonly Route[] {
  return [
    {
      method: "GET",
      url: "/v1/jobs/:id/logs",
      operationId: "readLogs",
      summary: "Read or follow what the tasks of a job and their commands wrote",
      ...{ tag: "jobs", scope: "read" },
      schema: {
        ...{ params: JOB_PARAMS, querystring: LOGS_QUERY, headers: LOGS_HEADERS },
        response: { 200: LOGS_ANSWER },
      },
      handler: async (request, reply) => {
        const { id } = request.params as { id: string };
        const query = request.query as LogsQuery;
        const wish = wishOf(query, request.headers["last-event-id"]);
        if (query.follow === "true") return follow({ logs, streams }, { id, wish }, request, reply);
        const page = await logs.page(id, wish, query.limit ?? LIMITS.pageLines);
        if (page.nextCursor !== undefined) {
          reply.header("link", `<${nextUrl(id, query, page)}>; rel="next"`);
        }
        return page;
      },
    },
  ];
}

/**
 * The events: `begin` with the place where it begins, `line`, and `end`. A stream that ends without
 * `end` is to be gone on with, at this agent or another one, behind the last id.
 */
async function follow(
  { logs, streams }: LogRouteOptions,
  { id, wish }: { readonly id: string; readonly wish: LogWish },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const following = await logs.follow(id, wish);
  await streams.serve(request, reply, async (stream) => {
    stream.send({ id: following.from, event: "begin", data: {} });
    const lines = following.lines(stream.signal);
    for (let next = await lines.next(); ; next = await lines.next()) {
      if (next.done === true) {
        if (next.value !== undefined) stream.send({ event: "end", data: { state: next.value } });
        return;
      }
      for (const line of next.value) {
        stream.send({ id: line.id, event: "line", data: line });
        await stream.drained();
      }
    }
  });
}

function wishOf(
  { atom, since, tail, cursor }: LogsQuery,
  lastEventId: string | readonly string[] | undefined,
): LogWish {
  const place = typeof lastEventId === "string" && lastEventId !== "" ? lastEventId : cursor;
  const parsed = place === undefined ? undefined : parseCursor(place);
  return {
    ...(atom === undefined ? {} : { atom }),
    ...(since === undefined ? {} : { since: toInstant(since, "/since") }),
    ...(tail === undefined ? {} : { tail }),
    ...(parsed === undefined ? {} : { cursor: parsed }),
  };
}

function nextUrl(id: string, { atom, limit }: LogsQuery, { nextCursor = "" }: LogsView): string {
  const next = new URLSearchParams();
  for (const [key, value] of Object.entries({ atom, limit, cursor: nextCursor })) {
    if (value !== undefined) next.set(key, String(value));
  }
  return `/v1/jobs/${id}/logs?${next.toString()}`;
}
