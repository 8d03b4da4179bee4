import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./ports.js";

const ROOT = join(import.meta.dirname, "..", "..");
const FILE = join(ROOT, "deploy", "docker-compose.yml");
const QUICK_MS = 15_000;
const PULL_WITHIN_MS = 120_000;
const BUILD_WITHIN_MS = 480_000;
const UP_WITHIN_MS = 180_000;
const NODE = "node:22-bookworm-slim";

export const PROFILES = { central: "agent", decentralised: "node" } as const;
export type ComposeProfile = keyof typeof PROFILES;

/** The agents have no Consul of their own machine: sessions last 10 s or longer then. */
const LEASES: Readonly<Record<ComposeProfile, string>> = { central: "3s", decentralised: "10s" };

export interface Cluster extends AsyncDisposable {
  readonly token: string;
  /** Addresses of the agents by their names. */
  readonly agents: ReadonlyMap<string, string>;
  /** Ends it at once, as `kill -9` does. */
  kill(agent: string): Promise<void>;
  /** `docker compose stop`: resolves when it has ended. */
  stop(agent: string): Promise<void>;
  logs(): Promise<string>;
}

/** Why the compose file cannot be tried here; fetches the images that it needs. */
export async function composeMissing(): Promise<string | undefined> {
  try {
    await docker(["info"], QUICK_MS);
    await docker(["compose", "version"], QUICK_MS);
  } catch {
    return "no Docker engine with the compose plugin answers";
  }
  const { stdout } = await docker(["compose", "-f", FILE, "config", "--images"], QUICK_MS);
  const { JOBRUNNER_IMAGE, BUILD_IMAGE = NODE, NODE_IMAGE = NODE } = process.env;
  const bases = JOBRUNNER_IMAGE === undefined ? [BUILD_IMAGE, NODE_IMAGE] : [];
  const others = stdout.split("\n").filter((image) => image !== "" && !/^jobrunner:/.test(image));
  for (const image of new Set([...bases, ...others])) {
    try {
      await docker(["image", "inspect", image], QUICK_MS);
    } catch {
      const pulled = docker(["pull", "--quiet", image], PULL_WITHIN_MS);
      if (
        !(await pulled.then(
          () => true,
          () => false,
        ))
      )
        return `there is no image ${image}`;
    }
  }
  return undefined;
}

/** Of this tree, unless JOBRUNNER_IMAGE names one that is there. */
export async function buildImage(): Promise<void> {
  if (process.env["JOBRUNNER_IMAGE"] !== undefined) return;
  const { BUILD_IMAGE = NODE, NODE_IMAGE = NODE, BUILD_NETWORK = "default" } = process.env;
  const from = { BUILD_IMAGE, NODE_IMAGE };
  const args = Object.entries(from).flatMap(([name, image]) => ["--build-arg", `${name}=${image}`]);
  const where = ["--network", BUILD_NETWORK, "--tag", "jobrunner:local"];
  const file = join(ROOT, "deploy", "Dockerfile");
  await docker(["build", ...where, ...args, "--file", file, ROOT], BUILD_WITHIN_MS);
}

/** A cluster of its own, on ports of its own; dispose leaves nothing of it. */
export async function startCluster(profile: ComposeProfile): Promise<Cluster> {
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
  const project = `jobrunner-test-${String(process.pid)}-${profile}`;
  const token = "the-token-of-a-test";
  const env = {
    ...process.env,
    ...{ COMPOSE_PROFILES: profile, JOBRUNNER_TOKEN: token, LEASE: LEASES[profile] },
    ...Object.fromEntries(["PORT_1", "PORT_2", "PORT_3"].map((name, n) => [name, `${ports[n]}`])),
    CONSUL_PORT: String(ports[3]),
  };
  const compose = (words: readonly string[], limitMs: number) =>
    docker(["compose", "-p", project, "-f", FILE, ...words], limitMs, env);
  const logs = async () => (await compose(["logs", "--no-color", "--tail", "40"], QUICK_MS)).stdout;
  const down = async () => {
    await compose(["down", "--volumes", "--timeout", "5"], UP_WITHIN_MS);
  };
  try {
    await compose(["up", "--detach", "--no-build", "--wait"], UP_WITHIN_MS);
  } catch (error) {
    const said = await logs();
    await down();
    throw new Error(`the cluster does not come up:\n${said}`, { cause: error });
  }
  const names = [1, 2, 3].map((n) => `${PROFILES[profile]}-${String(n)}`);
  return {
    ...{ token, logs },
    agents: new Map(names.map((name, n) => [name, `http://127.0.0.1:${String(ports[n])}`])),
    async kill(agent) {
      await compose(["kill", agent], UP_WITHIN_MS);
    },
    async stop(agent) {
      await compose(["stop", agent], UP_WITHIN_MS);
    },
    [Symbol.asyncDispose]: down,
  };
}

function docker(args: readonly string[], timeout: number, env = process.env) {
  return promisify(execFile)("docker", args, { env, timeout, maxBuffer: 64 * 1024 ** 2 });
}
