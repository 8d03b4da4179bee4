import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../config/load.js";
import { DEFAULT_ADDRESS } from "../api/addresses.js";
import { composeAgent } from "./compose.js";
import { createLog } from "./log.js";
import type { DevFlags } from "../options.js";
import { flagSource } from "./flags.js";
import { leaveSignals } from "./signals.js";

/** `jobrunner dev`: an agent on a database that is thrown away when it stops. */
export async function dev(flags: DevFlags): Promise<number> {
  using signals = leaveSignals(["SIGTERM", "SIGINT", "SIGHUP"]);
  const directory = await mkdtemp(join(tmpdir(), "jobrunner-dev-"));
  try {
    const own = { name: "dev", database: join(directory, "jobrunner.db") };
    const loaded = loadConfig({ env: process.env, flags: flagSource({ ...flags, ...own }) });
    const config = { ...loaded.config, directory };
    const level = loaded.merged.writtenAt(["log", "level"]).length === 0 ? "warn" : config.logLevel;
    const log = await createLog(process.stdout.isTTY === true, level);
    const agent = await composeAgent(config, log);
    const { flows, problems } = agent.manifest;
    process.stdout.write(
      [
        `jobrunner dev   node ${process.versions.node}   jobs are thrown away on exit`,
        "",
        `  API     ${agent.address}/v1`,
        `  Flows   ${flows.map((flow) => flow.name).join(", ")}`,
        ...problems.map((problem) => `  Broken  ${problem.file}: ${problem.message}`),
        "",
        "Try in another terminal:",
        `  jobrunner post hello --wait${via(agent.address)}`,
        `  jobrunner show${via(agent.address)}`,
        "",
      ].join("\n"),
    );
    await signals.untilTold(() => agent.stop());
    return 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Only an agent at another place than the usual one has to be named. */
function via(address: string): string {
  return address === DEFAULT_ADDRESS ? "" : ` --via ${address}`;
}
