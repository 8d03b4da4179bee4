import type { FastifyReply, FastifyRequest } from "fastify";
import type { Schema } from "./schemas.js";

export type Part = "body" | "querystring" | "params" | "headers";
export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly schema: Readonly<Partial<Record<Part, Schema>>>;
  readonly handler: Handler;
}
