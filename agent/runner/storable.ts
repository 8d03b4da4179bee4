import { JobrunnerError } from "../../common/error.js";
import type { Json } from "../../common/json.js";
import { RESULT_BYTES_MAX } from "../../persistence/persistence.js";
import { toJson } from "../../sdk/json-safe.js";

/**
 * What a body hands over, as it is stored. Looked at before it becomes a change: an append that is
 * refused would end the owner, and the next one over the same value. Throws NOT_JSON or TOO_LARGE;
 * `what` begins the message.
 */
export function storable(what: string, value: unknown): Json {
  const result = toJson(value);
  if ("problem" in result) {
    throw new JobrunnerError("NOT_JSON", `${what} is not JSON: ${result.problem}.`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(result.json));
  if (bytes <= RESULT_BYTES_MAX) return result.json;
  const message = `${what} has ${bytes} bytes as JSON, more than ${RESULT_BYTES_MAX}.`;
  throw new JobrunnerError("TOO_LARGE", message, {
    hint: "Store it elsewhere, and hand on where it is.",
  });
}
