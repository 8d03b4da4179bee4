import type { FlowsView } from "../../../common/wire.js";
import { createClient } from "../../api/client.js";
import { EXIT } from "../../exit.js";
import type { CommonOptions } from "../../options.js";
import { isTable, printData } from "../../print.js";
import { problemLines, renderFlows } from "../../screen/flow-list.js";
import { createTerminal } from "../../terminal.js";

/** `jobrunner flows`: what the agent can run, and which plugins it could not load. */
export async function flows(options: CommonOptions): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const view = await client.get<FlowsView>("/v1/flows");
  const { output } = options;
  await printData(terminal, output, {
    view,
    items: view.items,
    names: view.items.map(({ name }) => name),
    table: (style) => renderFlows(style, view),
  });
  // The other forms have the problems in them, or are names for a script.
  if (isTable(output)) {
    for (const line of problemLines(view)) terminal.say(`not loaded  ${line}`);
  }
  return EXIT.ok;
}
