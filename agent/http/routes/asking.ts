import type { CancelRequest, JobVerb } from "../../../common/wire.js";
import type { Route, RouteOptions } from "../route.js";
import { ASKED, CANCEL_JOB } from "../schemas/asking.js";
import { JOB_PARAMS } from "../schemas/jobs.js";
import { NO_BODY } from "../schemas/schema.js";

const VERBS: readonly (readonly [JobVerb, string])[] = [
  ["cancel", "End a job before its time; what ran is reverted unless told otherwise"],
  ["suspend", "Let what runs end, then hold the job until it is resumed"],
  ["resume", "Let a suspended job go on where it was"],
];

/** Done at once: 200; to be obeyed by an owner: 202. */
export function askingRoutes({ jobs }: RouteOptions): readonly Route[] {
  return VERBS.map(([verb, summary]): Route => ({
    method: "POST",
    url: `/v1/jobs/:id/${verb}`,
    operationId: `${verb}Job`,
    summary,
    ...{ tag: "jobs", scope: "operate" },
    schema: {
      params: JOB_PARAMS,
      body: verb === "cancel" ? CANCEL_JOB : NO_BODY,
      response: ASKED,
    },
    handler: async (request, reply) => {
      const { id } = request.params as { id: string };
      const { revert = true, reason } = (request.body ?? {}) as CancelRequest;
      const { done, view } = await jobs.ask(id, { verb, revert, reason });
      return reply.code(done ? 200 : 202).send(view);
    },
  }));
}
