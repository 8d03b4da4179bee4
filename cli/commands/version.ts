import { EXIT } from "../exit.js";
import type { CommonOptions } from "../options.js";
import { printData } from "../print.js";
import { createTerminal } from "../terminal.js";
import { packageVersion } from "../version.js";

/** `jobrunner version`: what a report of a defect should say. */
export async function version(options: CommonOptions): Promise<number> {
  const view = {
    version: packageVersion(),
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
  };
  await printData(createTerminal(options), options.output, {
    view,
    names: [view.version],
    table: () => `jobrunner ${view.version}  node ${view.node}  ${view.platform} ${view.arch}`,
  });
  return EXIT.ok;
}
