import type { CapabilityTestView } from "../../../common/wire/system.js";
import { createClient } from "../../api/client.js";
import { EXIT } from "../../exit.js";
import type { CommonOptions } from "../../options.js";
import { printData } from "../../print.js";
import { renderTest } from "../../screen/capabilities/capability-list.js";
import { createTerminal } from "../../terminal.js";

export interface TestOptions extends CommonOptions {
  /** Name of an agent; `all` of them. */
  readonly on: string;
}

/**
 * `jobrunner capability test NAME [ARGUMENT...]`: whether it is so, without a job that asks for it.
 * Returns the exit code: 13 when it is so nowhere.
 */
export async function testCapability(
  name: string,
  args: readonly string[],
  options: TestOptions,
): Promise<number> {
  const { on, output } = options;
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const query = new URLSearchParams({
    clause: args.length === 0 ? name : `${name}(${args.join(", ")})`,
    ...(on === "all" ? {} : { agent: on }),
  });
  const view = await client.get<CapabilityTestView>(`/v1/capabilities:test?${query.toString()}`);
  const able = view.agents.filter((each) => each.able).map(({ agent }) => agent);
  const table = (style: Parameters<typeof renderTest>[0]): string =>
    renderTest(style, view, Date.now());
  await printData(terminal, output, { view, items: view.agents, names: able, table });
  return view.possible ? EXIT.ok : EXIT.impossible;
}
