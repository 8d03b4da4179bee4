import type { Schema } from "./schemas/schema.js";

/**
 * Query parameters are text; those whose schema asks for a whole number become one before the
 * schema looks at them. Bodies never pass through here.
 */
export function coerceQuery(query: unknown, schema: Schema | undefined): unknown {
  if (typeof query !== "object" || query === null) return query;
  const properties = schema?.["properties"];
  const entries = Object.entries(query).map(([name, value]: [string, unknown]) => {
    const whole = typeof value === "string" && /^-?\d{1,15}$/.test(value);
    return [name, whole && typeOf(properties, name) === "integer" ? Number(value) : value] as const;
  });
  return Object.fromEntries(entries);
}

function typeOf(properties: Schema[string] | undefined, name: string): unknown {
  if (typeof properties !== "object" || properties === null || Array.isArray(properties)) return;
  const schema = Object.entries(properties).find(([key]) => key === name)?.[1];
  return typeof schema === "object" && schema !== null && "type" in schema
    ? schema["type"]
    : undefined;
}
