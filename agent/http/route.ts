import type { FastifyReply, FastifyRequest } from "fastify";
import type { Scope } from "../../common/access.js";
import type { HealthView } from "../../common/wire.js";
import type { BoardView } from "../../common/wire/board.js";
import type { CapabilitiesView, StatusView } from "../../common/wire/system.js";
import type { Agents } from "../cluster/agents.js";
import type { Judge } from "../cluster/capability.js";
import type { Events } from "../events/events.js";
import type { Jobs } from "../jobs.js";
import type { JobLogs } from "../logs/job-logs.js";
import type { Schedules } from "../schedules/schedules.js";
import type { Answers, Schema } from "./schemas/schema.js";
import type { SseStreams } from "./sse.js";

export type Part = "body" | "querystring" | "params" | "headers";
export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** Chapters of the OpenAPI document. */
export const TAGS = {
  jobs: "What runs, ran and will run",
  schedules: "What is posted again and again",
  flows: "What can be run",
  agents: "Who runs it",
  system: "The agent that is asked",
} as const;

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  /** Its name in the OpenAPI document, unique: methods of made clients are called so. */
  readonly operationId: string;
  /** One line, without a full stop. */
  readonly summary: string;
  readonly tag: keyof typeof TAGS;
  /** What a token must be good for; `none`: nobody is asked for one. */
  readonly scope: Scope | "none";
  /** `response`: what it answers when all is well; problems are the same for all. */
  readonly schema: Readonly<Partial<Record<Part, Schema>>> & { readonly response: Answers };
  readonly handler: Handler;
}

/** What the agent tells about itself as a program. */
export interface System extends Judge {
  status(): Promise<StatusView>;
  capabilities(): CapabilitiesView;
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
  /** Whether its event loop turns. */
  liveness(): HealthView;
}

/** The board of the agent that answers. */
export interface BoardInUse {
  boards(): Promise<Omit<BoardView, "agent" | "inUse"> & { readonly inUse: string | undefined }>;
  /** Makes it the cluster's, and puts open jobs on it. */
  useBoard(): ReturnType<BoardInUse["boards"]>;
}

/** What routes are made of. */
export interface RouteOptions {
  readonly jobs: Jobs;
  readonly logs: JobLogs;
  readonly schedules: Schedules;
  readonly agents: Agents;
  readonly board: BoardInUse;
  readonly events: Events;
  /** Name of the agent that answers. */
  readonly agent: string;
  /** Of this jobrunner. */
  readonly version: string;
  readonly system: System;
  health(): Promise<HealthView>;
  /** Aborts when the server stops: long polls answer what they know. */
  readonly stopping: AbortSignal;
  readonly streams: SseStreams;
  /** Whether who asks may look at things, on routes that ask nobody for a token. */
  mayRead(authorization: string | undefined): boolean;
}
