import type { FlowsView } from "../../common/wire.js";
import { createClient } from "../api/client.js";
import { EXIT } from "../exit.js";
import type { CommonOptions } from "../options.js";
import { problemLines, renderFlows } from "../screen/flow-list.js";
import { createTerminal } from "../terminal.js";

/** `jobrunner flows`: what the agent can run, and which plugins it could not load. */
export async function flows(options: CommonOptions): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const view = await client.get<FlowsView>("/v1/flows");
  switch (options.output ?? "table") {
    case "json":
      terminal.print(JSON.stringify(view, undefined, 2));
      break;
    case "jsonl":
      terminal.print(view.items.map((flow) => JSON.stringify(flow)).join("\n"));
      break;
    case "name":
      terminal.print(view.items.map(({ name }) => name).join("\n"));
      break;
    case "table":
      terminal.print(renderFlows(terminal.out, view));
      for (const line of problemLines(view)) terminal.say(`not loaded  ${line}`);
  }
  return EXIT.ok;
}
