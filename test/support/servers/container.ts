import {
  GenericContainer,
  getContainerRuntimeClient,
  type StartedTestContainer,
  Wait,
} from "testcontainers";
import type { Kind, Obtained } from "./kinds.js";

interface Recipe {
  readonly image: string;
  readonly port: number;
  readonly prepare: (container: GenericContainer) => GenericContainer;
  readonly url: (address: string) => string;
}

const PASSWORD = "jobrunner";
/** Images come over the network once: a slow line must not hold up tests for ever. */
const START_WITHIN_MS = 180_000;

const RECIPES: Readonly<Record<Kind, Recipe>> = {
  redis: {
    image: "redis:8",
    port: 6379,
    prepare: (container) =>
      container.withCommand(["redis-server", "--appendonly", "yes", "--protected-mode", "no"]),
    url: (address) => `redis://${address}`,
  },
  consul: {
    image: "hashicorp/consul:1.21",
    port: 8500,
    prepare: (container) =>
      container
        // Sessions of tests may be shorter than Consul's ten seconds.
        .withCommand(["agent", "-dev", "-client", "0.0.0.0", "-hcl", 'session_ttl_min = "1s"'])
        .withEntrypoint(["consul"])
        .withWaitStrategy(Wait.forHttp("/v1/status/leader", 8500).forResponsePredicate(hasLeader)),
    url: (address) => `http://${address}`,
  },
  mysql: {
    image: "mysql:8.4",
    port: 3306,
    prepare: (container) =>
      container
        // Tests make databases of their own, which takes root.
        .withEnvironment({
          MYSQL_ROOT_PASSWORD: PASSWORD,
          MYSQL_ROOT_HOST: "%",
          MYSQL_DATABASE: "jobrunner",
        })
        // The first start is for its data only; the one that counts listens on the port.
        .withWaitStrategy(Wait.forLogMessage(/ready for connections.*port: 3306\b/)),
    url: (address) => `mysql://root:${PASSWORD}@${address}/jobrunner`,
  },
};

/** The variable that names another image, such as one that was built here. */
export function imageVariable(kind: Kind): string {
  return `JOBRUNNER_TEST_${kind.toUpperCase()}_IMAGE`;
}

/**
 * A container of the official image, where an engine answers and has the image or can get it.
 * testcontainers' own variables hold, such as TESTCONTAINERS_RYUK_DISABLED=true for an engine that
 * cannot get the reaper's image: the containers are ended by us either way.
 */
export async function container(kind: Kind): Promise<Obtained | undefined> {
  const recipe = RECIPES[kind];
  const image = process.env[imageVariable(kind)] ?? recipe.image;
  if (!(await engineAnswers())) return undefined;
  const plan = recipe.prepare(new GenericContainer(image).withExposedPorts(recipe.port));
  const started: StartedTestContainer = await plan.withStartupTimeout(START_WITHIN_MS).start();
  const address = `${started.getHost()}:${String(started.getMappedPort(recipe.port))}`;
  return {
    url: recipe.url(address),
    how: `container of ${image}`,
    stop: async () => void (await started.stop({ timeout: 0 })),
  };
}

/** Consul answers before it has a leader, with an empty name. */
function hasLeader(body: string): boolean {
  return body.length > '""'.length;
}

async function engineAnswers(): Promise<boolean> {
  try {
    await getContainerRuntimeClient();
    return true;
  } catch {
    return false; // No engine on this machine: the usual case.
  }
}
