import { JobrunnerError } from "../../../common/error.js";
import { didYouMean } from "../../../common/text/did-you-mean.js";
import type { CapabilitiesView, CapabilityView } from "../../../common/wire/system.js";
import { createClient } from "../../api/client.js";
import { EXIT } from "../../exit.js";
import type { CommonOptions } from "../../options.js";
import { type Data, printData } from "../../print.js";
import { renderCapabilities, renderCapability } from "../../screen/capabilities/capability-list.js";
import { createTerminal } from "../../terminal.js";

/** `jobrunner capabilities [NAME]`: what jobs may ask of the machine of the agent that is asked. */
export async function capabilities(
  name: string | undefined,
  options: CommonOptions,
): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const { items } = await client.get<CapabilitiesView>("/v1/capabilities");
  const data = name === undefined ? listData(items) : oneData(find(items, name, client.agent));
  await printData(terminal, options.output, data);
  return EXIT.ok;
}

function listData(items: readonly CapabilityView[]): Data {
  const names = items.map(({ name }) => name);
  return { view: items, items, names, table: (style) => renderCapabilities(style, items) };
}

function oneData(item: CapabilityView): Data {
  return { view: item, names: [item.name], table: (style) => renderCapability(style, item) };
}

function find(items: readonly CapabilityView[], name: string, agent: string): CapabilityView {
  const found = items.find((item) => item.name === name);
  if (found !== undefined) return found;
  const names = items.map((item) => item.name);
  throw new JobrunnerError("NOT_FOUND", `there is no capability "${name}" on ${agent}`, {
    hint: didYouMean(name, names, "jobrunner capabilities lists them."),
  });
}
