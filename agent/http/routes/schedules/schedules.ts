import type { FastifyRequest } from "fastify";
import type { ScheduleRequest } from "../../../../common/wire/schedules.js";
import type { ScheduleQuery } from "../../../schedules/schedules.js";
import { onlyFields } from "../../fields.js";
import type { Route, RouteOptions } from "../../route.js";
import { NO_BODY, NOTHING } from "../../schemas/schema.js";
import {
  ADD_SCHEDULE,
  SCHEDULE,
  SCHEDULE_ITEM,
  SCHEDULE_PARAMS,
  SCHEDULES,
  SCHEDULES_QUERY,
} from "../../schemas/schedules.js";

export function scheduleRoutes(options: RouteOptions): readonly Route[] {
  return [...reading(options), ...changing(options)];
}

function reading({ schedules }: RouteOptions): readonly Route[] {
  return [
    {
      method: "GET",
      url: "/v1/schedules",
      operationId: "listSchedules",
      summary: "List the schedules in order of their names",
      ...{ tag: "schedules", scope: "read" },
      schema: { querystring: SCHEDULES_QUERY, response: { 200: SCHEDULES } },
      handler: async (request, reply) => {
        const query = request.query as Partial<ScheduleQuery> & { fields?: string };
        const { limit = 50 } = query;
        const page = await schedules.list({ ...query, limit });
        if (page.nextCursor !== undefined) {
          const next = new URLSearchParams({
            ...{ limit: String(limit), cursor: page.nextCursor },
            ...(query.fields !== undefined && { fields: query.fields }),
          });
          reply.header("link", `</v1/schedules?${next.toString()}>; rel="next"`);
        }
        return onlyFields(page, query.fields, SCHEDULE_ITEM);
      },
    },
    {
      method: "GET",
      url: "/v1/schedules/:name",
      operationId: "getSchedule",
      summary: "Show one schedule with what it posts",
      ...{ tag: "schedules", scope: "read" },
      schema: { params: SCHEDULE_PARAMS, response: { 200: SCHEDULE } },
      handler: (request) => schedules.show(nameOf(request)),
    },
  ];
}

function changing({ schedules }: RouteOptions): readonly Route[] {
  return [
    {
      method: "POST",
      url: "/v1/schedules",
      operationId: "addSchedule",
      summary: "Make a schedule; the same one again changes nothing",
      ...{ tag: "schedules", scope: "post" },
      schema: { body: ADD_SCHEDULE, response: { 200: SCHEDULE, 201: SCHEDULE } },
      handler: async (request, reply) => {
        const { created, view } = await schedules.add(request.body as ScheduleRequest);
        if (!created) reply.header("idempotency-replayed", "true");
        reply.header("location", `/v1/schedules/${view.name}`);
        return reply.code(created ? 201 : 200).send(view);
      },
    },
    {
      method: "POST",
      url: "/v1/schedules/:name/pause",
      operationId: "pauseSchedule",
      summary: "Post nothing until it is resumed; what comes due meanwhile is skipped",
      ...{ tag: "schedules", scope: "operate" },
      schema: { params: SCHEDULE_PARAMS, body: NO_BODY, response: { 200: SCHEDULE } },
      handler: (request) => schedules.pause(nameOf(request)),
    },
    {
      method: "POST",
      url: "/v1/schedules/:name/resume",
      operationId: "resumeSchedule",
      summary: "Go on with a paused schedule at its next due time",
      ...{ tag: "schedules", scope: "operate" },
      schema: { params: SCHEDULE_PARAMS, body: NO_BODY, response: { 200: SCHEDULE } },
      handler: (request) => schedules.resume(nameOf(request)),
    },
    {
      method: "DELETE",
      url: "/v1/schedules/:name",
      operationId: "deleteSchedule",
      summary: "Delete a schedule; the jobs it posted stay",
      ...{ tag: "schedules", scope: "operate" },
      schema: { params: SCHEDULE_PARAMS, response: { 204: NOTHING } },
      handler: async (request, reply) => {
        await schedules.remove(nameOf(request));
        return reply.code(204).send();
      },
    },
  ];
}

function nameOf(request: FastifyRequest): string {
  return (request.params as { name: string }).name;
}
