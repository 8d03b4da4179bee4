import type { Json } from "../../../common/json.js";

/*
 * JSON Schemas of requests: what validates them and what an OpenAPI document is made of. Bodies are
 * taken as they are: nothing is coerced, nothing unknown is dropped in silence.
 */

export type Schema = Readonly<Record<string, Json>>;

export const NO_QUERY: Schema = { type: "object", additionalProperties: false, properties: {} };

export const NO_BODY: Schema = { type: ["object", "null"], additionalProperties: false };
