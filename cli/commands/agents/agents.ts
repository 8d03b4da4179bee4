import type { AgentsView, AgentView } from "../../../common/wire.js";
import type { ForgottenView } from "../../../common/wire/forgotten.js";
import { createClient } from "../../api/client.js";
import { EXIT } from "../../exit.js";
import type { CommonOptions, WatchOptions } from "../../options.js";
import { type Data, printData } from "../../print.js";
import { renderAgent, renderAgents } from "../../screen/agent-list.js";
import type { Style } from "../../screen/style.js";
import { createTerminal } from "../../terminal.js";
import { watch } from "../watch.js";

export interface AgentsOptions extends CommonOptions, WatchOptions {}

/** `jobrunner agents [NAME]`: the agents of the cluster, or all that is known of one. */
export async function agents(name: string | undefined, options: AgentsOptions): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const look = async (): Promise<Data> =>
    name === undefined
      ? agentsData((await client.get<AgentsView>("/v1/agents")).items)
      : agentData(await client.get<AgentView>(pathOf(name)));
  const { watch: everyMs, output } = options;
  const path = "/v1/events?types=agent.*";
  if (everyMs !== undefined) return watch({ client, terminal, output, look, path }, everyMs);
  await printData(terminal, output, await look());
  return EXIT.ok;
}

/** `jobrunner agent forget NAME`: one that is gone or renamed is not listed any more. */
export async function forgetAgent(name: string, options: CommonOptions): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const path = `/v1/agents/${encodeURIComponent(name)}/forget`;
  // Whoever was asked next knows none of that name: the first one has forgotten it everywhere.
  const lost = { agent: name, forgotten: true };
  const body = (await client.remove<ForgottenView>(path)) ?? lost;
  const data = { view: body, names: [body.agent], table: () => body.agent };
  await printData(terminal, options.output, data);
  if (!body.forgotten) {
    terminal.say(
      `a Consul agent that runs on its machine lists it again within minutes; there: ` +
        `consul services deregister -id=jobrunner-${body.agent}`,
    );
  }
  return EXIT.ok;
}

export function agentsData(items: readonly AgentView[]): Data {
  const names = items.map(({ name }) => name);
  return { view: items, items, names, table: (style) => renderAgents(style, items, Date.now()) };
}

function agentData(agent: AgentView): Data {
  const table = (style: Style): string => renderAgent(style, agent, Date.now());
  return { view: agent, names: [agent.name], table };
}

export function pathOf(name: string): string {
  return `/v1/agents/${encodeURIComponent(name)}`;
}
