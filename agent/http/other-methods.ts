import type { FastifyInstance, HTTPMethods } from "fastify";
import { JobrunnerError } from "../../common/error.js";
import { HttpError } from "./problem.js";
import type { Route } from "./route.js";

const METHODS: readonly HTTPMethods[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** 405 with the methods that are allowed, before any body is read; OPTIONS is told them too. */
export function refuseOtherMethods(
  app: FastifyInstance,
  url: string,
  routes: readonly Route[],
): void {
  const own = routes.filter((route) => route.url === url).map((route) => route.method);
  const allow = [...own, ...(own.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
  app.route({
    method: METHODS.filter((method) => !(own as readonly HTTPMethods[]).includes(method)),
    url,
    exposeHeadRoute: false,
    onRequest: async (request, reply) => {
      if (request.method === "OPTIONS") return reply.code(204).header("allow", allow).send();
      const error = new JobrunnerError("USAGE", `${request.method} is not allowed here`, {
        hint: `Allowed: ${allow}.`,
      });
      throw new HttpError(405, error, { allow });
    },
    handler: (_request, reply) => reply.code(204).send(),
  });
}
