import type { Json } from "../../../common/json.js";

/*
 * JSON Schemas: what validates requests and what the OpenAPI document is made of. Bodies are taken
 * as they are: nothing is coerced, nothing unknown is dropped in silence. One with a title is told
 * once, under that name, wherever it stands.
 */

export type Schema = Readonly<Record<string, Json>>;

/** Schemas by status code of an answer. */
export type Answers = Readonly<Record<number, Schema>>;

export const TEXT = { type: "string" } as const;
export const COUNT = { type: "integer", minimum: 0 } as const;
export const TIME = { type: "string", format: "date-time" } as const;
export const TEXTS = { type: "array", items: TEXT } as const;
/** Texts by name. */
export const LABELS = { type: "object", additionalProperties: TEXT } as const;
/** Whatever JSON there is. */
export const ANY = {} as const;

export const NO_QUERY: Schema = { type: "object", additionalProperties: false, properties: {} };

export const NO_BODY: Schema = { type: ["object", "null"], additionalProperties: false };

/** Of an answer without a body. */
export const NOTHING: Schema = { type: "null" };

/**
 * An object of an answer; what is optional may be missing. It does not say that there is nothing
 * else: later versions add to it, and who reads it must not mind. Tests do.
 */
export function shape(required: Schema, optional: Schema = {}): Schema {
  return {
    type: "object",
    ...(Object.keys(required).length === 0 ? {} : { required: Object.keys(required) }),
    properties: { ...required, ...optional },
  };
}

/** A shape that others refer to by its name. */
export function named(title: string, required: Schema, optional: Schema = {}): Schema {
  return { title, ...shape(required, optional) };
}

export function list(items: Schema): Schema {
  return { type: "array", items };
}

/** A named shape inside itself. */
export function again(title: string): Schema {
  return { $ref: `#/components/schemas/${title}` };
}
