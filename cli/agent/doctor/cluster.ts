import { once } from "node:events";
import { createServer } from "node:net";
import { AGENT_HEADER } from "../../../common/agent-header.js";
import type { HealthView } from "../../../common/wire.js";
import type { CheckedView } from "../../../common/wire/doctor.js";
import { findMembers } from "../../../cluster/consul/find.js";
import { registeredAgents } from "../../../cluster/machine.js";
import type { Config } from "../../../config/config.js";
import { withoutSecrets } from "../../../config/secrets.js";
import { stateDirectory } from "../../../config/state-directory.js";
import { exchange } from "../../api/exchange.js";
import { type Check, fail, ok, warn } from "./check.js";

const ANSWER_MS = 5_000;

/** An agent of this machine answers where the settings say, or could begin to listen there. */
export const AGENT: Check = {
  name: "agent",
  async look(config) {
    const { host, port, token, tls, ca } = config;
    if (port === 0) return [ok("agent", "listens on any free port")];
    const at = EVERYWHERE.includes(host) ? "127.0.0.1" : host;
    const url = `${tls === undefined ? "http" : "https"}://${at}:${port}`;
    const request = { method: "GET", url: `${url}/readyz`, timeoutMs: ANSWER_MS } as const;
    const answer = await exchange({ ...request, token, ca }).catch(() => undefined);
    if (answer === undefined) return [await portCheck(config)];
    if (answer.agent === undefined) return [taken(config, `no ${AGENT_HEADER} in its answer`)];
    return healthChecks(answer.agent, answer.body as HealthView, url);
  },
};

const EVERYWHERE: readonly string[] = ["0.0.0.0", "::", "[::]"];

function healthChecks(agent: string, { ok: ready, checks }: HealthView, url: string) {
  if (ready) return [ok("agent", `${agent} answers at ${url} and takes jobs`)];
  const wrong = checks.filter((check) => !check.ok);
  const detail = wrong.map(({ name, detail: why }) => `${name}: ${why}`).join("; ");
  return [warn("agent", `${agent} answers at ${url} and takes no jobs`, detail)];
}

async function portCheck(config: Config): Promise<CheckedView> {
  const { host, port } = config;
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
  } catch (error) {
    return taken(config, error instanceof Error ? error.message : String(error));
  } finally {
    server.close();
  }
  const here = await elsewhere(config);
  const free = `${host}:${port} is free for one: jobrunner run`;
  if (here.length === 0) return ok("agent", `none runs here; ${free}`);
  return ok("agent", `${here.join(", ")}; ${free}`);
}

/** Agents of this machine that were told to listen where the settings do not say. */
async function elsewhere({ token, ca }: Config): Promise<readonly string[]> {
  const registered = await registeredAgents(stateDirectory(process.env));
  const answers = registered.map(async ({ name, url }): Promise<readonly string[]> => {
    const request = { method: "GET", url: `${url}/livez`, timeoutMs: ANSWER_MS } as const;
    const answer = await exchange({ ...request, token, ca }).catch(() => undefined);
    return answer?.agent === name ? [`${name} answers at ${url}`] : [];
  });
  return (await Promise.all(answers)).flat();
}

function taken({ host, port }: Config, why: string): CheckedView {
  const fix = "choose another port: api.listen, or jobrunner run --listen";
  return fail("agent", `something else than an agent has ${host}:${port} (${why})`, fix);
}

/** The registry, when the settings name one; the board in Consul is looked at as a board. */
export const CONSUL: Check = {
  name: "consul",
  async look({ registry }) {
    if (registry === undefined) return [];
    const where = withoutSecrets(registry);
    const members = await findMembers({ registry, env: process.env, timeoutMs: ANSWER_MS });
    const detail = `${where} answers and lists ${members.length} agents`;
    if (members.length > 0) return [ok("consul", detail)];
    const fix =
      "with agents running, the token may lack node_prefix and service_prefix with read: " +
      "docs/registration.md";
    return [warn("consul", detail, fix)];
  },
};
