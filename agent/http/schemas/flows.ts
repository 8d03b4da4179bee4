import { FLOW_NAME } from "./names.js";
import { ANY, COUNT, list, named, type Schema, shape, TEXT } from "./schema.js";

export const FLOW_PARAMS: Schema = {
  type: "object",
  required: ["name"],
  properties: { name: { ...FLOW_NAME, description: "Name of a flow." } },
};

export const FLOW: Schema = named("Flow", {
  name: TEXT,
  version: COUNT,
  summary: TEXT,
  schema: {
    type: "object",
    additionalProperties: ANY,
    description: "JSON Schema of its parameters.",
  },
  file: TEXT,
});

export const FLOWS: Schema = named("Flows", {
  items: list(FLOW),
  problems: list(shape({ file: TEXT, message: TEXT }, { line: COUNT, column: COUNT })),
});
