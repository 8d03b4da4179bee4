import type { FastifyRequest } from "fastify";
import { JobrunnerError } from "../../../common/error.js";
import { type JobPlace, parseCursor, parseJobPlace, type Vector } from "../../events/cursor.js";
import { toFilter } from "../../events/filter.js";
import type { Route, RouteOptions } from "../route.js";
import {
  EVENTS_ANSWER,
  EVENTS_QUERY,
  JOB_EVENTS_QUERY,
  RESUME,
} from "../schemas/streams/events.js";
import { JOB_PARAMS } from "../schemas/jobs.js";

const PAGE_EVENTS = 100;
const STREAM = "text/event-stream";
const JSON_TYPE = "application/json";

interface Query {
  readonly after?: string;
  readonly limit?: number;
  readonly job?: string;
  readonly flow?: string;
  readonly types?: string;
  readonly scope?: "self";
}

export function eventRoutes({ events, streams }: RouteOptions): readonly Route[] {
  return [
    {
      method: "GET",
      url: "/v1/jobs/:id/events",
      operationId: "getJobEvents",
      summary: "Tell what happened to one job, as a page or as it happens",
      ...{ tag: "jobs", scope: "read" },
      schema: {
        ...{ params: JOB_PARAMS, querystring: JOB_EVENTS_QUERY, headers: RESUME },
        response: { 200: EVENTS_ANSWER },
      },
      handler: async (request, reply) => {
        const { id } = request.params as { id: string };
        const { limit = PAGE_EVENTS } = request.query as Query;
        const after = jobPlaceOf(request);
        const journal = await events.jobs.read(id);
        if (!wants(request, STREAM)) return events.jobs.page(journal, after, limit);
        return streams.serve(request, reply, (stream) =>
          events.jobs.follow({ journal, after }, stream),
        );
      },
    },
    {
      method: "GET",
      url: "/v1/events",
      operationId: "getEvents",
      summary: "Tell what happens on all agents as it happens, or what one agent remembers",
      ...{ tag: "agents", scope: "read" },
      schema: { querystring: EVENTS_QUERY, headers: RESUME, response: { 200: EVENTS_ANSWER } },
      handler: async (request, reply) => {
        const { job: part, flow, types, scope, limit = PAGE_EVENTS } = request.query as Query;
        const isPage = !wants(request, STREAM);
        if (scope !== "self" && isPage && wants(request, JSON_TYPE)) throw pagesOfSelfOnly();
        const since = vectorOf(request);
        const job = part === undefined ? undefined : await events.jobs.idOf(part);
        const filter = toFilter({ job, flow, types });
        if (scope === "self" && isPage) return events.page({ since, filter }, limit);
        return streams.serve(request, reply, (stream) =>
          events.follow({ scope: scope ?? "cluster", since, filter }, stream),
        );
      },
    },
  ];
}

/** By name: who takes anything gets what the address is for. */
function wants({ headers }: FastifyRequest, type: string): boolean {
  return headers.accept?.includes(type) ?? false;
}

/** The header is newer: a browser repeats the address with which it began. */
function placeOf({ headers, query }: FastifyRequest): string | undefined {
  const last = headers["last-event-id"];
  return typeof last === "string" && last !== "" ? last : (query as Query).after;
}

function jobPlaceOf(request: FastifyRequest): JobPlace | undefined {
  const text = placeOf(request);
  const place = text === undefined ? undefined : parseJobPlace(text);
  if (text !== undefined && place === undefined) throw badPlace("Write it as SEQ or SEQ.INDEX.");
  return place;
}

function vectorOf(request: FastifyRequest): Vector | undefined {
  const text = placeOf(request);
  const vector = text === undefined ? undefined : parseCursor(text);
  if (text === undefined || vector !== undefined) return vector;
  throw badPlace("Give the id of an event of this feed, as it was sent.");
}

function badPlace(hint: string): JobrunnerError {
  return new JobrunnerError("USAGE", "this is not a place in these events", {
    hint,
    cause: [{ pointer: "/after", detail: "is not a cursor" }],
  });
}

function pagesOfSelfOnly(): JobrunnerError {
  return new JobrunnerError("USAGE", "the events of all agents are a stream, not a page", {
    hint: "Ask with Accept: text/event-stream, or for one agent's own with scope=self.",
  });
}
