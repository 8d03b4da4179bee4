import { createHash, timingSafeEqual } from "node:crypto";
import { JobrunnerError } from "../../common/error.js";
import { isLoopback } from "../../common/loopback.js";
import { HttpError } from "./problem.js";

/*
 * An agent on loopback asks nobody who they are, so it makes sure that the asking program runs on
 * this machine because a person started it. A page in a browser can reach loopback too: under a
 * foreign name that resolves to 127.0.0.1 (DNS rebinding, refused by the Host check) or by a plain
 * cross-site request (refused by the Origin check, and by taking only JSON). An agent with a token
 * asks for that instead: no page of another site knows it.
 */

/** Throws 421 unless the Host header names this machine by a loopback name or address. */
export function checkHost(header: string | undefined): void {
  const name = header === undefined ? undefined : hostName(header);
  if (name !== undefined && isLoopback(name)) return;
  const error = new JobrunnerError("USAGE", "this agent answers to loopback names only", {
    hint: "Ask for it as 127.0.0.1, [::1] or localhost.",
  });
  throw new HttpError(421, error);
}

/** Throws 421 for a request that is meant for another agent, whose address this one has now. */
export function checkAddressee(header: string | string[] | undefined, agent: string): void {
  if (header === undefined || header === agent) return;
  const error = new JobrunnerError("NOT_FOUND", `this is agent ${agent}, not ${String(header)}`, {
    hint: "The address that was asked belongs to another agent now: see jobrunner agents.",
  });
  throw new HttpError(421, error);
}

/** Throws 403 for a request that a page of another site makes. */
export function checkOrigin(header: string | undefined): void {
  if (header === undefined) return;
  // "null" and everything else that is no URL comes from a page whose origin is hidden.
  if (URL.canParse(header) && isLoopback(new URL(header).hostname)) return;
  throw new HttpError(403, new JobrunnerError("USAGE", "requests of other sites are refused"));
}

/**
 * Throws 401 unless the request carries the cluster's token. Digests are compared, in a time that
 * tells nothing about how much of the token was right.
 */
export function checkToken(header: string | undefined, token: string): void {
  const given = /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1];
  if (given !== undefined && timingSafeEqual(digest(given), digest(token))) return;
  const what =
    header === undefined ? "this agent wants a token" : "the token is not this cluster's";
  const error = new JobrunnerError("UNAUTHORISED", what, {
    hint: "Set JOBRUNNER_TOKEN or JOBRUNNER_TOKEN_FILE; the agents have it as api.token.",
  });
  throw new HttpError(401, error, { "www-authenticate": "Bearer" });
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Throws 415 for a compressed body: a small one may grow without end. */
export function checkEncoding(header: string | undefined): void {
  if (header === undefined || header.toLowerCase() === "identity") return;
  const error = new JobrunnerError("USAGE", "compressed bodies are not taken", {
    hint: "Leave out Content-Encoding.",
  });
  throw new HttpError(415, error, { "accept-encoding": "identity" });
}

/** The host of `host:port`; undefined when the header is none. */
function hostName(header: string): string | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?$/.exec(header);
  return match?.[1];
}
