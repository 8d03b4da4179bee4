import pino from "pino";
import type { TellingOptions } from "../../agent/jobs/options.js";
import type { FlowSpec } from "../../engine/flow.js";
import type { newJob } from "../contracts/samples.js";
import type { World } from "./world.js";

/** A job of that flow in which b has failed, worked on to its end. */
export async function failed(
  world: World,
  spec: FlowSpec,
  more: Partial<ReturnType<typeof newJob>> = {},
): Promise<string> {
  const { required = [] } = more;
  const needs = { protocol: 1, flow: "flow", version: 1, clauses: [...required] };
  const { id } = await world.post({ spec, needs, ...more });
  const fail = (): never => {
    throw new Error("b fails");
  };
  await world.agent("alpha", { b: fail }).work(id);
  return id;
}

/** What a verb needs, as an agent that runs nothing has it. */
export function telling({ persistence, board, told }: World): TellingOptions {
  return {
    ...{ persistence, board, log: pino({ level: "silent" }) },
    identity: { agent: "asker", machine: "machine-asker", incarnation: "asker" },
    onPutFailed: () => undefined,
    requested: () => undefined,
    tell: (event) => void told.push({ agent: "asker", ...event }),
  };
}
