import { ERROR_CODES } from "../../../common/error.js";
import { COUNT, list, named, type Schema, shape, TEXT } from "./schema.js";

/** RFC 9457: every answer that is an error. */
export const PROBLEM: Schema = named(
  "Problem",
  {
    type: { ...TEXT, description: "urn:jobrunner:problem: and the code in kebab case." },
    title: TEXT,
    status: COUNT,
    detail: { ...TEXT, description: "What is wrong, for people." },
    code: { type: "string", enum: Object.keys(ERROR_CODES) },
  },
  {
    hint: { ...TEXT, description: "What to do about it." },
    instance: TEXT,
    holder: {
      ...shape({ id: TEXT, state: TEXT }),
      description: "With KEY_HELD: the job that has the unique key.",
    },
    errors: list(
      shape({ pointer: { ...TEXT, description: "JSON pointer to the field." }, detail: TEXT }),
    ),
  },
);
