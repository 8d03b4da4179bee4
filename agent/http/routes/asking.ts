import type { CancelRequest } from "../../../common/wire.js";
import type { Route, RouteOptions } from "../route.js";
import { CANCEL_JOB } from "../schemas/asking.js";
import { JOB_PARAMS } from "../schemas/jobs.js";
import { NO_BODY } from "../schemas/schema.js";

/** Done at once: 200; to be obeyed by an owner: 202. */
export function askingRoutes({ jobs }: RouteOptions): readonly Route[] {
  return (["cancel", "suspend", "resume"] as const).map((verb) => ({
    method: "POST",
    url: `/v1/jobs/:id/${verb}`,
    schema: { params: JOB_PARAMS, body: verb === "cancel" ? CANCEL_JOB : NO_BODY },
    handler: async (request, reply) => {
      const { id } = request.params as { id: string };
      const { revert = true } = (request.body ?? {}) as CancelRequest;
      const { done, view } = await jobs.ask(id, { verb, revert });
      return reply.code(done ? 200 : 202).send(view);
    },
  }));
}
