import type { BoardView } from "../../common/wire/board.js";
import { createClient } from "../api/client.js";
import { EXIT } from "../exit.js";
import type { CommonOptions, OutputFormat, WatchOptions } from "../options.js";
import { type Data, printData } from "../print.js";
import { renderTabs } from "../screen/table.js";
import { clean } from "../screen/text.js";
import { createTerminal, type Terminal } from "../terminal.js";
import { watch } from "./watch.js";

export interface BoardOptions extends CommonOptions, WatchOptions {}

/** `jobrunner board show`: the board of the agent that is asked, and the cluster's. */
export async function showBoard(options: BoardOptions): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const { output, watch: everyMs } = options;
  const ask = (): Promise<BoardView> => client.get<BoardView>("/v1/board");
  if (everyMs === undefined) return tell(terminal, output, await ask());
  const look = async (): Promise<Data> => boardData(await ask());
  return watch({ client, terminal, output, look, path: "/v1/events?types=board.*" }, everyMs);
}

/** `jobrunner board use`: the board of the agent that is asked becomes the cluster's. */
export async function useBoard(options: CommonOptions): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const { body } = await client.post<BoardView>("/v1/board/use", undefined);
  return tell(terminal, options.output, body);
}

async function tell(
  terminal: Terminal,
  output: OutputFormat | undefined,
  view: BoardView,
): Promise<number> {
  await printData(terminal, output, boardData(view));
  if (view.here !== view.inUse) {
    terminal.say(`${view.agent} claims nothing until both are the same: jobrunner board use`);
  }
  return EXIT.ok;
}

function boardData(view: BoardView): Data {
  return { view, names: [view.here], table: () => render(view) };
}

function render({ agent, here, inUse = "none yet" }: BoardView): string {
  return renderTabs([
    [{ text: `board of ${clean(agent)}` }, { text: clean(here) }],
    [{ text: "in use" }, { text: clean(inUse) }],
  ]);
}
