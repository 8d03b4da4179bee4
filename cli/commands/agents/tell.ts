import { setTimeout as sleep } from "node:timers/promises";
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
  const told = waits ? await idle({ client, terminal, options }, body) : { agent: body };
  // Whoever says this wants to see that it is obeyed, not all that is known of the machine.
  await printData(terminal, options.output, { ...agentsData([told.agent]), view: told.agent });
  if (!waits && body.state === "draining" && jobsOf(body).length > 0) {
    terminal.say("its jobs go to other agents at their next step; see them: jobrunner show");
  }
  return told.code ?? EXIT.ok;
}

interface Asking {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly options: TellOptions;
}

interface Told {
  readonly agent: AgentView;
  /** When it was not waited for to the end. */
  readonly code?: number;
}

/** The agent when it runs no job any more, or as it was when nobody waited any longer. */
async function idle({ client, terminal, options }: Asking, told: AgentView): Promise<Told> {
  using interrupted = interruption();
  const { signal } = interrupted;
  const deadline = performance.now() + (options.timeout ?? Infinity);
  let agent = told;
  while (jobsOf(agent).length > 0) {
    const code = signal.aborted ? EXIT.interrupted : EXIT.timeout;
    if (signal.aborted || performance.now() > deadline) {
      terminal.say(`it still runs ${jobsOf(agent).join(", ")}; they go at their next step`);
      return { agent, code };
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined); // Ctrl-C ends it.
    // By its name: "self" may be another agent by now.
    agent = await client.get<AgentView>(pathOf(told.name));
  }
  return { agent };
}

function jobsOf({ jobs = [] }: AgentView): readonly string[] {
  return jobs;
}
