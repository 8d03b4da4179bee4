import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Scope } from "../../../common/access.js";
import { AGENT_HEADER } from "../../../common/agent-header.js";
import { isLoopback } from "../../../common/loopback.js";
import { type Access, type Caller, checkScope } from "./access.js";
import { checkAddressee, checkEncoding, checkHost, checkOrigin } from "./headers.js";
import type { Rate } from "./rate.js";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Of the route; missing where nothing is. */
    readonly scope?: Scope | "none";
  }
}

interface GuardOptions {
  readonly access: Access;
  readonly rate: Rate;
  /** Name of the agent. */
  readonly agent: string;
}

/** Decides of every request, before its body is read, whether it is looked at. */
export function installGuard(app: FastifyInstance, { access, rate, agent }: GuardOptions): void {
  app.addHook("onRequest", async (request, reply) => {
    // Also of a refusal: who it was that refused.
    reply.headers({ "x-request-id": request.id, [AGENT_HEADER]: agent });
    reply.headers({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    const { host, origin } = request.headers;
    if (access.open) {
      checkHost(host);
      checkOrigin(origin);
    } else checkCaller(request, access, rate);
    checkAddressee(request.headers[AGENT_HEADER], agent);
    checkEncoding(request.headers["content-encoding"]);
  });
}

function checkCaller(request: FastifyRequest, access: Access, rate: Rate): void {
  const { scope } = request.routeOptions.config;
  const address = request.socket.remoteAddress ?? "";
  const limit = (caller: string): void => {
    if (!isLoopback(address)) rate.take(caller);
  };
  // Load balancers and service managers ask these without a token; they tell nothing.
  if (scope === "none") return limit(address);
  const caller = identify(request, access, () => limit(address));
  // One token is shared by all agents: none of them is to be starved by another.
  limit(`${caller.id} ${address}`);
  if (scope !== undefined) checkScope(caller, scope);
}

/** Guesses are limited by where they come from. */
function identify(request: FastifyRequest, access: Access, guessed: () => void): Caller {
  try {
    return access.identify(request.headers.authorization);
  } catch (error) {
    guessed();
    throw error;
  }
}
