import { JobrunnerError } from "../common/error.js";

/** What Consul answered besides success. */
export interface Refusal {
  readonly status: number;
  /** The body when it is text, which is where Consul says why. */
  readonly text: string;
}

const POLICY_HINT =
  "Give the agent a token with the policy of docs/consul.md: ?token-file=FILE in the board's URL, " +
  "or CONSUL_HTTP_TOKEN.";

const TLS_HINT = "That port wants TLS: write consul+https:// instead of consul://.";
const NO_TLS_HINT = "That port has no TLS: write consul://, or the port of Consul's HTTPS API.";
const NO_ANSWER_HINT =
  "Check that a Consul agent listens there, and that the cluster has a leader.";

/*
 *   answer                                    class
 *   403, "Permission denied"                  BOARD_DOWN, not retryable: the token lacks a right
 *   400, "... to an HTTPS server"             BOARD_DOWN, not retryable: the URL is wrong
 *   413                                       TOO_LARGE
 *   other 4xx                                 INTERNAL: the request is wrong
 *   429, 5xx, time-out, no or lost connection BOARD_DOWN, retryable: it may have happened
 *
 * 500 is also what Consul says while it elects a leader, and of a write whose fate the leader took
 * with it. So nothing here claims that a write did not happen: whoever repeats it looks first.
 */

/** The error for an answer that its caller did not expect. */
export function refusedBy(where: string, { status, text }: Refusal): JobrunnerError {
  const said = text === "" ? `status ${status}` : `${status} ${text}`;
  const message = `Consul at ${where} refused: ${said}`;
  if (status === 403) {
    return new JobrunnerError("BOARD_DOWN", message, { hint: POLICY_HINT, retryable: false });
  }
  if (status === 400 && text.includes("to an HTTPS server")) {
    return new JobrunnerError("BOARD_DOWN", message, { hint: TLS_HINT, retryable: false });
  }
  if (status === 413) return new JobrunnerError("TOO_LARGE", message);
  if (status >= 400 && status < 500 && status !== 429)
    return new JobrunnerError("INTERNAL", message);
  return new JobrunnerError("BOARD_DOWN", message, { retryable: true });
}

/** The error for a request that got no answer. */
export function unanswered(where: string, error: unknown): JobrunnerError {
  const why = error instanceof Error ? error.message : String(error);
  const hint = why.includes("wrong version number") ? NO_TLS_HINT : NO_ANSWER_HINT;
  return new JobrunnerError("BOARD_DOWN", `Consul at ${where} does not answer: ${why}`, {
    hint,
    retryable: true,
    cause: error,
  });
}
