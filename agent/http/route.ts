import type { FastifyReply, FastifyRequest } from "fastify";
import type { HealthView } from "../../common/wire.js";
import type { Agents } from "../cluster/agents.js";
import type { Jobs } from "../jobs.js";
import type { Schema } from "./schemas/schema.js";

export type Part = "body" | "querystring" | "params" | "headers";
export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

export interface Route {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly schema: Readonly<Partial<Record<Part, Schema>>>;
  readonly handler: Handler;
}

/** What routes are made of. */
export interface RouteOptions {
  readonly jobs: Jobs;
  readonly agents: Agents;
  /** Name of the agent that answers. */
  readonly agent: string;
  health(): Promise<HealthView>;
  /** Aborts when the server stops: long polls answer what they know. */
  readonly stopping: AbortSignal;
}
