import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../../../common/error.js";
import type { AgentView } from "../../../common/wire.js";
import { type Client, createClient } from "../../api/client.js";
import { EXIT } from "../../exit.js";
import type { CommonOptions } from "../../options.js";
import { printData } from "../../print.js";
import { createTerminal, interruption, type Terminal } from "../../terminal.js";
import { agentsData, pathOf } from "./agents.js";

export type DutyVerb = "drain" | "cordon" | "resume";

export interface TellOptions extends CommonOptions {
  /** With `drain`: until nothing runs there any more. */
  readonly wait?: boolean;
  /** Milliseconds to wait at most. */
  readonly timeout?: number;
}

/** A hand-over takes a step of a job: seconds, not milliseconds. */
const LOOK_EVERY_MS = 500;

/** `jobrunner agent drain|cordon|resume [NAME]`; without a name the agent that is asked. */
export async function tellAgent(
  verb: DutyVerb,
  name: string | undefined,
  options: TellOptions,
): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const { body } = await client.post<AgentView>(`${pathOf(name ?? "self")}/${verb}`, undefined);
  const waits = options.wait === true;
  const told = waits ? await untilIdle({ client, terminal, options }, body) : { agent: body };
  // Whoever says this wants to see that it is obeyed, not all that is known of the machine.
  await printData(terminal, options.output, { ...agentsData([told.agent]), view: told.agent });
  if (!waits && body.state === "draining" && jobsOf(body).length > 0) {
    terminal.say("its jobs go to other agents at their next step; see them: jobrunner show");
  }
  return told.code ?? EXIT.ok;
}

export interface Asking {
  readonly client: Pick<Client, "get">;
  readonly terminal: Terminal;
  readonly options: TellOptions;
}

interface Told {
  readonly agent: AgentView;
  /** When it was not waited for to the end. */
  readonly code?: number;
}

/** The agent when it runs no job any more, or as it was when nobody waited any longer. */
export async function untilIdle(
  { client, terminal, options }: Asking,
  told: AgentView,
): Promise<Told> {
  using interrupted = interruption();
  const { signal } = interrupted;
  const deadline = performance.now() + (options.timeout ?? Infinity);
  let agent = told;
  let isSilent = false;
  while (isSilent || jobsOf(agent).length > 0) {
    const code = signal.aborted ? EXIT.interrupted : EXIT.timeout;
    if (signal.aborted || performance.now() > deadline) {
      terminal.say(stillText(agent, isSilent));
      return { agent, code };
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined); // Ctrl-C ends it.
    // By its name: "self" may be another agent by now.
    const seen = await look(client, told.name);
    if (seen === undefined) {
      terminal.say(`${told.name} has left: nothing runs there any more`);
      return { agent: { ...agent, jobs: [] } };
    }
    const wasSilent = isSilent;
    // Of one that does not answer nobody knows what it runs: that is not nothing.
    isSilent = seen.jobs === undefined;
    if (!isSilent) agent = seen;
    else if (!wasSilent) terminal.say(`${told.name} does not answer; asking again`);
  }
  return { agent };
}

/** Undefined when it was stopped: nobody knows of it then. */
async function look(client: Asking["client"], name: string): Promise<AgentView | undefined> {
  try {
    return await client.get<AgentView>(`${pathOf(name)}?brief=true`);
  } catch (error) {
    if (hasCode(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}

function stillText({ name, jobs = [] }: AgentView, isSilent: boolean): string {
  if (isSilent) return `${name} does not answer: nobody can tell what it runs`;
  return `it still runs ${jobs.join(", ")}; they go at their next step`;
}

function jobsOf({ jobs = [] }: AgentView): readonly string[] {
  return jobs;
}
