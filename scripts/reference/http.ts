import { type Route, type RouteOptions, TAGS } from "../../agent/http/route.js";
import { allRoutes } from "../../agent/http/routes.js";
import type { Schema } from "../../agent/http/schemas/schema.js";
import { row, table } from "./table.js";

/** The page of all routes, from the table that the server and the OpenAPI document are made of. */
export function httpPage(): string {
  // No handler is called: it takes nothing to make the table.
  const routes = allRoutes({ version: "0.0.0" } as RouteOptions);
  return [
    "# HTTP",
    "Every route of every agent. Requests and answers with all their fields are in the OpenAPI 3.1 " +
      "document that each agent serves at `/openapi.json`; [commands.md](../commands.md) tells how " +
      "to use them. The scope is what a token must be good for; `none` needs no token.",
    ...Object.entries(TAGS).flatMap(([tag, description]) => {
      const own = routes.filter((route) => route.tag === tag);
      return own.length === 0 ? [] : [`## ${tag}`, description, ...own.flatMap(section)];
    }),
  ].join("\n\n");
}

function section(route: Route): readonly string[] {
  const { method, url, summary, scope, schema } = route;
  const fields = [
    ...fieldsOf("path", schema.params),
    ...fieldsOf("query", schema.querystring),
    ...fieldsOf("header", schema.headers),
    ...fieldsOf("body", schema.body),
  ];
  return [
    `### \`${method} ${url
      .replaceAll("::", "\0")
      .replaceAll(/:(\w+)/g, "{$1}")
      .replaceAll("\0", ":")}\``,
    `${summary}. Scope: ${scope}. Answers ${Object.keys(schema.response).join(", ")}.`,
    ...(fields.length === 0 ? [] : [table(["field", "in", "type", "is"], fields)]),
  ];
}

interface Shape {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

function fieldsOf(place: string, schema: Schema | undefined): readonly (readonly string[])[] {
  const { properties = {}, required = [] } = (schema ?? {}) as Shape;
  return Object.entries(properties).map(([name, property]) => {
    const description = property["description"];
    const text = typeof description === "string" ? description : "";
    const wanted = required.includes(name) ? " (required)" : "";
    return row(name, place + wanted, typeOf(property), text);
  });
}

function typeOf(schema: Schema): string {
  const {
    type,
    title,
    enum: values,
    anyOf,
  } = schema as {
    readonly type?: string | readonly string[];
    readonly title?: string;
    readonly enum?: readonly unknown[];
    readonly anyOf?: readonly Schema[];
  };
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(", ");
  if (anyOf !== undefined) return anyOf.map(typeOf).join(" or ");
  return title ?? [type ?? "any"].flat().join(" or ");
}
