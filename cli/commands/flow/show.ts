import type { FlowView } from "../../../common/wire.js";
import { createClient } from "../../api/client.js";
import { EXIT } from "../../exit.js";
import { type Data, printData } from "../../print.js";
import { renderFlow } from "../../screen/flow.js";
import type { Style } from "../../screen/style.js";
import { createTerminal } from "../../terminal.js";
import { findFlow } from "../post/flow.js";
import { parametersOf } from "../post/parameters.js";
import { watch } from "../watch.js";
import type { FlowsOptions } from "./flows.js";

/** `jobrunner flow show FLOW`: one flow with the parameters that its jobs take. */
export async function showFlow(name: string, options: FlowsOptions): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const { output, watch: everyMs } = options;
  const look = async (): Promise<Data> => flowData(await findFlow(client, name));
  if (everyMs !== undefined) {
    return watch({ client, terminal, output, look, path: "/v1/events?types=flow.*" }, everyMs);
  }
  await printData(terminal, output, await look());
  return EXIT.ok;
}

function flowData(flow: FlowView): Data {
  const parameters = parametersOf(flow.schema);
  const table = (style: Style): string => renderFlow(style, flow, parameters);
  return { view: flow, names: [flow.name], table };
}
