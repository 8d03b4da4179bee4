import pino from "pino";
import { problemLines } from "../../screen/flow-list.js";
import { openRunners } from "../compose.js";
import { capabilityChecks } from "./capabilities.js";
import { type Check, fail, ok } from "./check.js";

/** Loaded by a runner, as an agent's are, and the capabilities that come with them. */
export const FLOWS: Check = {
  name: "flows",
  async look(config) {
    await using runners = openRunners(config, pino({ level: "silent" }));
    const manifest = await runners.manifest();
    const { flows, problems } = manifest;
    const lines = problemLines({ items: [], problems });
    const names = flows.map(({ name }) => name).join(", ");
    return [
      ok("flows", `${flows.length} load: ${names}`),
      ...lines.map((line) => fail("flows", line, "jobrunner flow check tells when it is right")),
      ...(await capabilityChecks(config, runners, manifest)),
    ];
  },
};
