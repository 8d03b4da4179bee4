import { generateSync, type JsonSchema } from "json-schema-faker";
import type { Random } from "../../../test/property/random.js";
import type { Kind, Known } from "./known.js";
import type { Operation } from "./operations.js";

/*
 * Values that a schema cannot tell of: names of what is there, and texts with a grammar of their
 * own. By the name that parameters and members have everywhere.
 */

/** Where a value is wanted. */
export interface Place {
  readonly operation: Operation;
  readonly known: Known;
  readonly random: Random;
}

interface Wanted extends Place {
  /** The members before it, as they were made. */
  readonly beside: object;
}

type Make = (wanted: Wanted) => unknown;

const CRONS = ["* * * * *", "*/5 0-6 1,15 * mon-fri", "@daily", "@hourly"] as const;
const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"] as const;
const STATES = [
  "RUNNING",
  "WAITING,SCHEDULED",
  "SUCCESS",
  "FAILURE,REVERTED",
  "SUSPENDED",
] as const;
const FIELDS = ["name", "name", "name,state", "id,name", "flow,endedAt"] as const;
const TYPES = ["job.*", "job.posted,job.finished", "atom.*", "*", "agent.*", "nothing"] as const;
const TIMES = [
  "2020-01-01T00:00:00Z",
  "2026-02-28T23:59:59.999999Z",
  "2099-12-31T23:59:59.999+14:00",
] as const;
const DURATIONS = ["20s", "1m", "2h", "30d"] as const;
const CLAUSES = ["os_is(linux)", "on_agent(fuzz1)", "on_mains", "battery_above(30)"] as const;

const MADE: Readonly<Record<string, Make>> = {
  id: jobOf,
  job: (wanted) =>
    wanted.operation.path.startsWith("/v1/schedules") ? jobBody(wanted) : jobOf(wanted),
  name: nameOf,
  agent: ({ known, random }) => known.pick("agent", random),
  flow: flowOf,
  params: paramsOf,
  state: ({ random }) => random.pick(STATES),
  fields: ({ random }) => random.pick(FIELDS),
  types: ({ random }) => random.pick(TYPES),
  since: ({ random }) => random.pick(TIMES),
  runAt: ({ random }) => random.pick(TIMES),
  delay: delayOf,
  wait: ({ random }) => random.pick(["0ms", "20ms", "200ms"]),
  olderThan: ({ random }) => random.pick(DURATIONS),
  cron: ({ random }) => random.pick(CRONS),
  tz: ({ random }) => random.pick(ZONES),
  require: ({ random }) => [random.pick(CLAUSES)],
  from: ({ known, random }) => known.pick("atom", random),
  atom: ({ known, random }) => known.pick("atom", random),
  token: ({ known, random }) => Number(known.pick("token", random) ?? 1),
  cursor: placeOf,
  after: placeOf,
  "last-event-id": placeOf,
  // Few, so that they come again.
  "idempotency-key": ({ random }) => `key-${String(random.whole(1, 200))}`,
  traceparent: () => "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
};

/** The share of what is optional that is given. */
export const GIVEN = 0.4;

/** A value that a schema allows. */
export function fake(schema: object, random: Random): unknown {
  // Neighbouring seeds give like values.
  const seed = random.whole(1, 2 ** 31 - 1);
  return generateSync(schema as JsonSchema, { seed, optionalsProbability: GIVEN });
}

/** Undefined where the schema tells enough. */
export function realValue(name: string, wanted: Wanted): unknown {
  return MADE[name]?.(wanted);
}

/** States in which a verb has something to do, by the end of its path. */
const FOR_VERB: Readonly<Record<string, Kind>> = {
  release: "RUNNING",
  suspend: "RUNNING",
  resume: "SUSPENDED",
  retry: "SUCCESS",
};

/** A whole id, or the end of one. */
function jobOf({ operation, known, random }: Wanted): string | undefined {
  const state = FOR_VERB[operation.path.split("/").at(-1) ?? ""];
  if (state !== undefined && random.chance(0.7)) return known.pick(state, random);
  const id = known.pick("job", random);
  return random.chance(0.1) ? id?.slice(-8) : id;
}

function nameOf(wanted: Wanted): string | undefined {
  const { operation, known, random } = wanted;
  const { path } = operation;
  if (path.startsWith("/v1/agents")) return known.pick("agent", random);
  if (path.startsWith("/v1/flows")) return flowOf(wanted);
  // Few, so that some are there already.
  if (path === "/v1/schedules") return `s-${String(random.whole(1, 100))}`;
  return path.startsWith("/v1/schedules") ? known.pick("schedule", random) : undefined;
}

/** The server that never ends would leave no slot for others: only what ends by itself. */
function flowOf({ known, random }: Wanted): string | undefined {
  const [first, ...rest] = known.flows.filter(({ name }) => name !== "simple_http_webserver");
  return first === undefined ? undefined : random.pick([first, ...rest]).name;
}

/** As the flow's own schema wants them, where a flow is told beside them. */
function paramsOf({ known, random, beside }: Wanted): unknown {
  const named = "flow" in beside ? beside.flow : undefined;
  const flow = known.flows.find(({ name }) => name === named);
  const params = flow === undefined ? {} : fake(flow.schema, random);
  return typeof params === "object" && params !== null && "pause" in params
    ? { ...params, pause: random.pick([0, 0, 0.05, 1, 4]) }
    : params;
}

function jobBody(wanted: Wanted): unknown {
  const flow = flowOf(wanted);
  return { flow, params: paramsOf({ ...wanted, beside: { flow } }) };
}

/** Never beside a time: that is refused. */
function delayOf({ random, beside }: Wanted): string | undefined {
  return "runAt" in beside ? undefined : random.pick(["0s", "1s", "2s"]);
}

function placeOf({ operation, known, random }: Wanted): string | undefined {
  if (operation.path === "/v1/events") return known.pick("event", random);
  const ofJob = /\/(?:logs|events)$/.test(operation.path);
  return known.pick(ofJob ? "line" : "cursor", random);
}
