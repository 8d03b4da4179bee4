import type { WhyView } from "../../common/wire.js";
import { createClient } from "../api/client.js";
import { jobPath } from "../api/job-path.js";
import { EXIT } from "../exit.js";
import type { CommonOptions } from "../options.js";
import { renderWhy } from "../screen/why.js";
import { createTerminal } from "../terminal.js";

/** `jobrunner why JOB`. Returns the exit code: 13 when nobody that was asked can run it now. */
export async function why(job: string, options: CommonOptions): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const view = await client.get<WhyView>(`${jobPath(job)}/why`);
  if (options.output === "json") terminal.print(JSON.stringify(view, undefined, 2));
  else if (options.output === "jsonl") terminal.print(JSON.stringify(view));
  else if (options.output === "name") terminal.print(ableOf(view).join("\n"));
  else terminal.print(renderWhy(terminal.out, view, Date.now()));
  return view.possible ? EXIT.ok : EXIT.impossible;
}

/** Agents that may take it, or the one that has it. */
function ableOf({ agents, owner }: WhyView): readonly string[] {
  if (owner !== undefined) return [owner];
  return agents.filter(({ able }) => able).map(({ agent }) => agent);
}
