import { JobrunnerError } from "../../../common/error.js";
import { type ConcurrencyView, CONTROL_KEY } from "../../../common/wire/flow-control.js";

/** `KEY:LIMIT`; the key may have colons of its own. */
export function readConcurrency(text: string): ConcurrencyView {
  const [, key = "", limit = ""] = /^(.*):(\d{1,4})$/.exec(text) ?? [];
  if (new RegExp(CONTROL_KEY).test(key) && Number(limit) >= 1) {
    return { key, limit: Number(limit) };
  }
  throw new JobrunnerError("USAGE", `--concurrency: "${text}" is not KEY:LIMIT`, {
    hint: "Write it as import:2: at most two jobs of the key import at once.",
  });
}
