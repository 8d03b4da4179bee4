import type { FastifyReply, FastifyRequest } from "fastify";
import type { PostAnswer } from "../../jobs/posting.js";

/** 201 for a new job, 200 for the one that the same key gave before. */
export async function answerPosting(
  reply: FastifyReply,
  posting: Promise<PostAnswer>,
): Promise<FastifyReply> {
  const { created, view } = await posting;
  if (!created) reply.header("idempotency-replayed", "true");
  return reply
    .code(created ? 201 : 200)
    .header("location", `/v1/jobs/${view.id}`)
    .send(view);
}

export function keyOf(request: FastifyRequest): string | undefined {
  const key = request.headers["idempotency-key"];
  return typeof key === "string" ? key : undefined;
}
