import { STATUS_CODES } from "node:http";
import type { Json } from "../../common/json.js";
import { PROBLEM_TYPE } from "./problem.js";
import { type Route, TAGS } from "./route.js";
import { PROBLEM } from "./schemas/problem.js";
import type { Answers, Schema } from "./schemas/schema.js";

/*
 * OpenAPI 3.1, whose schemas are JSON Schemas: the document is the table of routes, written down
 * otherwise. What validates a request and what is told about it cannot differ.
 */

/** Every schema with a title, once. */
type Components = Map<string, Json>;

export function toOpenApi(routes: readonly Route[], version: string): Json {
  const schemas: Components = new Map();
  const paths = new Map<string, Record<string, Json>>();
  for (const route of routes) {
    const path = toPath(route.url);
    const item = paths.get(path) ?? {};
    item[route.method.toLowerCase()] = toOperation(route, schemas);
    paths.set(path, item);
  }
  const problem = { [PROBLEM_TYPE]: { schema: refer(PROBLEM, schemas) } };
  return {
    openapi: "3.1.0",
    info: {
      title: "jobrunner",
      version,
      summary: "Durable execute/revert flows on any set of machines.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "Any agent: each answers for all." }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: Object.fromEntries(paths),
    components: {
      schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
      responses: { Problem: { description: "What is wrong, and what to do.", content: problem } },
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description:
            "Wanted by agents that other machines reach; each scope has those before it.",
        },
      },
    },
  };
}

/** `/v1/jobs/:id` is `/v1/jobs/{id}`; two colons stand for one. */
function toPath(url: string): string {
  return url
    .replaceAll("::", "\0")
    .replaceAll(/:(\w+)/g, "{$1}")
    .replaceAll("\0", ":");
}

function toOperation(route: Route, schemas: Components): Json {
  const { operationId, summary, tag, scope, schema } = route;
  return {
    ...{ operationId, summary, tags: [tag] },
    // Without a token for agents on the loopback.
    security: scope === "none" ? [] : [{ token: [scope] }, {}],
    parameters: [
      ...parameters("path", schema.params, schemas),
      ...parameters("query", schema.querystring, schemas),
      ...parameters("header", schema.headers, schemas),
    ],
    ...(schema.body === undefined ? {} : { requestBody: toBody(schema.body, schemas) }),
    responses: { ...toResponses(schema.response, schemas), ...toProblems(route) },
  };
}

function parameters(
  place: "path" | "query" | "header",
  schema: Schema | undefined,
  schemas: Components,
): readonly Json[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property;
    return {
      ...{ name, in: place, required: required.includes(name) },
      ...(description === undefined ? {} : { description }),
      schema: refer(rest, schemas),
    };
  });
}

function toBody(schema: Schema, schemas: Components): Json {
  const content = { "application/json": { schema: refer(schema, schemas) } };
  const optional = Array.isArray(schema["type"]) && schema["type"].includes("null");
  return { required: !optional, content };
}

function toResponses(answers: Answers, schemas: Components): Readonly<Record<string, Json>> {
  const entries = Object.entries(answers).map(([status, schema]) => {
    const description = STATUS_CODES[status] ?? status;
    const { content, type } = schema;
    if (type === "null") return [status, { description }] as const;
    const told = refer(content ?? { "application/json": { schema } }, schemas);
    return [status, { description, content: told }] as const;
  });
  return Object.fromEntries(entries);
}

/** What may go wrong with a request of this kind; anybody may send a body where none is wanted. */
function toProblems({ scope, schema }: Route): Readonly<Record<string, Json>> {
  const statuses = [
    ...[400, 403, 408, 413, 415, 417, 421, 429, 431, 500, 503],
    ...(scope === "none" ? [] : [401]),
    ...(schema.params === undefined ? [] : [404, 414, 502]),
    ...(asksForOne(schema.querystring) ? [404] : []),
    ...(schema.params === undefined && schema.body === undefined ? [] : [409]),
    ...(schema.body === undefined ? [] : [422]),
  ].filter((status) => schema.response[status] === undefined);
  const problem = { $ref: "#/components/responses/Problem" };
  return Object.fromEntries(statuses.map((status) => [String(status), problem]));
}

/** For a job, or for an agent's word on a clause: there may be none of the name. */
function asksForOne(query: Schema | undefined): boolean {
  const { properties = {} } = (query ?? {}) as { readonly properties?: object };
  return Object.hasOwn(properties, "job") || Object.hasOwn(properties, "clause");
}

/** The schema with every titled one in it replaced by a reference; those go to the components. */
function refer(schema: Json, schemas: Components): Json {
  if (Array.isArray(schema)) return schema.map((item: Json) => refer(item, schemas));
  if (typeof schema !== "object" || schema === null) return schema;
  const { title, ...rest } = schema as Schema;
  // A member of that name is none: its value is a schema.
  if (typeof title !== "string") return referAll(schema as Schema, schemas);
  if (!schemas.has(title)) {
    schemas.set(title, {}); // It may stand inside itself.
    schemas.set(title, referAll(rest, schemas));
  }
  return { $ref: `#/components/schemas/${title}` };
}

function referAll(schema: Schema, schemas: Components): Json {
  const entries = Object.entries(schema).map(([key, value]) => [key, refer(value, schemas)]);
  return Object.fromEntries(entries) as Json;
}
