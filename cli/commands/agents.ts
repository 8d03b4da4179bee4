import type { AgentsView, AgentView } from "../../common/wire.js";
import type { ForgottenView } from "../../common/wire/forgotten.js";
import { createClient } from "../api/client.js";
import { EXIT } from "../exit.js";
import type { CommonOptions } from "../options.js";
import { renderAgent, renderAgents } from "../screen/agent-list.js";
import { createTerminal, type Terminal } from "../terminal.js";

export type DutyVerb = "drain" | "cordon" | "resume";

/** `jobrunner agents [NAME]`: the agents of the cluster, or all that is known of one. */
export async function agents(name: string | undefined, options: CommonOptions): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  if (name !== undefined) {
    printAgent(terminal, options, await client.get<AgentView>(pathOf(name)));
    return EXIT.ok;
  }
  const { items } = await client.get<AgentsView>("/v1/agents");
  switch (options.output ?? "table") {
    case "json":
      terminal.print(JSON.stringify(items, undefined, 2));
      break;
    case "jsonl":
      terminal.print(items.map((agent) => JSON.stringify(agent)).join("\n"));
      break;
    case "name":
      terminal.print(items.map((agent) => agent.name).join("\n"));
      break;
    case "table":
      terminal.print(renderAgents(terminal.out, items, Date.now()));
  }
  return EXIT.ok;
}

/** `jobrunner agent drain|cordon|resume [NAME]`; without a name the agent that is asked. */
export async function tellAgent(
  verb: DutyVerb,
  name: string | undefined,
  options: CommonOptions,
): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const { body } = await client.post<AgentView>(`${pathOf(name ?? "self")}/${verb}`, undefined);
  printAgent(terminal, options, body);
  if (body.state === "draining" && (body.jobs ?? []).length > 0) {
    terminal.say("its jobs go to other agents at their next step; see them: jobrunner show");
  }
  return EXIT.ok;
}

/** `jobrunner agent forget NAME`: one that is gone or renamed is not listed any more. */
export async function forgetAgent(name: string, options: CommonOptions): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const path = `/v1/agents/${encodeURIComponent(name)}/forget`;
  const { body } = await client.post<ForgottenView>(path, undefined);
  if (options.output === "json") terminal.print(JSON.stringify(body, undefined, 2));
  else if (options.output === "jsonl") terminal.print(JSON.stringify(body));
  else terminal.print(body.agent);
  if (!body.forgotten) {
    terminal.say(
      `a Consul agent that runs on its machine lists it again within minutes; there: ` +
        `consul services deregister -id=jobrunner-${body.agent}`,
    );
  }
  return EXIT.ok;
}

function printAgent(terminal: Terminal, { output }: CommonOptions, agent: AgentView): void {
  switch (output ?? "table") {
    case "json":
      return terminal.print(JSON.stringify(agent, undefined, 2));
    case "jsonl":
      return terminal.print(JSON.stringify(agent));
    case "name":
      return terminal.print(agent.name);
    case "table":
      return terminal.print(renderAgent(terminal.out, agent, Date.now()));
  }
}

function pathOf(name: string): string {
  return `/v1/agents/${encodeURIComponent(name)}`;
}
