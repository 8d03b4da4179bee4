import type { Failure } from "../../common/failure.js";
import type { Json, Store } from "../../common/json.js";
import { clean } from "./text.js";

/** `port=8080 root=/srv/www title="a b"`. */
export function storeText(store: Store): string {
  return Object.entries(store)
    .map(([key, value]) => `${clean(key)}=${valueText(value)}`)
    .join(" ");
}

export function valueText(value: Json): string {
  if (typeof value === "string" && /^[^\s"'=]+$/u.test(value)) return clean(value);
  return clean(JSON.stringify(value));
}

/** `EADDRINUSE: port 8080 is in use`: what kind, then what, on one line. */
export function failureText(failure: Failure): string {
  const kind = failure.code ?? (failure.name === "Error" ? undefined : failure.name);
  const told = kind === undefined || failure.message.includes(kind);
  return clean(told ? failure.message : `${kind}: ${failure.message}`);
}
