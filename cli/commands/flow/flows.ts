import type { FlowsView } from "../../../common/wire.js";
import { createClient } from "../../api/client.js";
import { EXIT } from "../../exit.js";
import type { CommonOptions, WatchOptions } from "../../options.js";
import { type Data, isTable, printData } from "../../print.js";
import { problemLines, renderFlows } from "../../screen/flow-list.js";
import type { Style } from "../../screen/style.js";
import { createTerminal } from "../../terminal.js";
import { watch } from "../watch.js";

export interface FlowsOptions extends CommonOptions, WatchOptions {}

/** `jobrunner flows`: what the agent can run, and which plugins it could not load. */
export async function flows(options: FlowsOptions): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const { output, watch: everyMs } = options;
  const ask = (): Promise<FlowsView> => client.get<FlowsView>("/v1/flows");
  if (everyMs !== undefined) {
    const look = async (): Promise<Data> => withProblems(await ask());
    return watch({ client, terminal, output, look, path: "/v1/events?types=flow.*" }, everyMs);
  }
  const view = await ask();
  await printData(terminal, output, flowsData(view));
  // The other forms have the problems in them, or are names for a script.
  if (isTable(output)) for (const line of problemsOf(view)) terminal.say(line);
  return EXIT.ok;
}

function flowsData(view: FlowsView): Data {
  const { items } = view;
  const names = items.map(({ name }) => name);
  return { view, items, names, table: (style) => renderFlows(style, view) };
}

/** While a person looks there is no other place for them. */
function withProblems(view: FlowsView): Data {
  const table = (style: Style): string =>
    [renderFlows(style, view), ...(style.tty ? problemsOf(view) : [])].join("\n");
  return { ...flowsData(view), table };
}

function problemsOf(view: FlowsView): readonly string[] {
  return problemLines(view).map((line) => `not loaded  ${line}`);
}
