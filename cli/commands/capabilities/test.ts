import type { AgentWhyView } from "../../../common/wire.js";
import type { CapabilityTestView } from "../../../common/wire/system.js";
import { createClient } from "../../api/client.js";
import { EXIT } from "../../exit.js";
import type { CommonOptions } from "../../options.js";
import { printData } from "../../print.js";
import { renderTest } from "../../screen/capabilities/capability-list.js";
import { createTerminal } from "../../terminal.js";

export interface TestOptions extends CommonOptions {
  /** Name of the only agent whose answer is wanted; `self`: the one that is asked. */
  readonly agent?: string;
}

/**
 * `jobrunner capability test NAME [ARGUMENT...]`: whether it is so, without a job that asks for it.
 * Returns the exit code: 13 when it is so nowhere, 5 when nobody can tell that.
 */
export async function testCapability(
  name: string,
  args: readonly string[],
  options: TestOptions,
): Promise<number> {
  const { agent, output } = options;
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const query = new URLSearchParams({
    clause: args.length === 0 ? name : `${name}(${args.join(", ")})`,
    ...(agent === undefined ? {} : { agent }),
  });
  const view = await client.get<CapabilityTestView>(`/v1/capabilities:test?${query.toString()}`);
  const able = view.agents.filter((each) => each.able).map((each) => each.agent);
  const table = (style: Parameters<typeof renderTest>[0]): string =>
    renderTest(style, view, Date.now());
  await printData(terminal, output, { view, items: view.agents, names: able, table });
  return exitCodeOf(view);
}

/** That it is so nowhere is said only when each of the agents says no. */
export function exitCodeOf({ possible, agents, note }: CapabilityTestView): number {
  if (possible) return EXIT.ok;
  const isNo = ({ requirements }: AgentWhyView): boolean =>
    requirements.some(({ verdict }) => verdict === "no");
  return note === undefined && agents.every(isNo) ? EXIT.impossible : EXIT.unavailable;
}
