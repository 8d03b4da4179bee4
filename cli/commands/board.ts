import type { BoardView } from "../../common/wire/board.js";
import { createClient } from "../api/client.js";
import { EXIT } from "../exit.js";
import type { CommonOptions } from "../options.js";
import { printData } from "../print.js";
import { renderTabs } from "../screen/table.js";
import { clean } from "../screen/text.js";
import { createTerminal } from "../terminal.js";

/** `jobrunner board show|use`: the board of the agent that is asked, and the cluster's. */
export async function board(verb: "show" | "use", options: CommonOptions): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const view =
    verb === "show"
      ? await client.get<BoardView>("/v1/board")
      : (await client.post<BoardView>("/v1/board/use", undefined)).body;
  const data = { view, names: [view.here], table: () => render(view) };
  await printData(terminal, options.output, data);
  if (view.here !== view.inUse) {
    terminal.say(`${view.agent} claims nothing until both are the same: jobrunner board use`);
  }
  return EXIT.ok;
}

function render({ agent, here, inUse = "none yet" }: BoardView): string {
  return renderTabs([
    [{ text: `board of ${clean(agent)}` }, { text: clean(here) }],
    [{ text: "in use" }, { text: clean(inUse) }],
  ]);
}
