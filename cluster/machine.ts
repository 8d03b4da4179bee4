import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { JobrunnerError } from "../common/error.js";
import type { Member, Membership } from "./membership.js";

export interface MachineOptions {
  /** State directory, in which the agents of this machine are registered. */
  readonly directory: string;
  /** Addresses of agents of other machines. */
  readonly peers: readonly string[];
}

/**
 * The agents of this machine, which find each other in their state directory, and those that the
 * settings name: what there is without a registry.
 */
export function openMachineMembership({ directory, peers }: MachineOptions): Membership {
  return {
    // An agent registers itself in the state directory as soon as it listens.
    announce: () => undefined,
    drain: () => undefined,
    mayResume: () => Promise.resolve(),
    // Nobody keeps what it says: it is shown as not answering.
    asleep: () => Promise.resolve(),
    trouble: () => undefined,
    members: async () => {
      const here = await registeredAgents(directory);
      const urls = new Set(here.map(({ url }) => url));
      const there = peers.filter((url) => !urls.has(url)).map(toPeer);
      return [...here, ...there];
    },
    forget: (name) => forget(directory, name),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Its name is known once it has answered; until then it goes by its address. */
function toPeer(url: string): Member {
  return { name: new URL(url).host, url, state: "known", byAddress: true };
}

/** What one that was killed has left in the state directory; it leaves that anew when it starts. */
async function forget(directory: string, name: string): Promise<boolean> {
  const known = await registeredAgents(directory);
  if (known.some((each) => each.name === name)) {
    await rm(join(directory, "agents", `${name}.json`), { force: true });
    return true;
  }
  throw new JobrunnerError("CONFLICT", `agent ${name} is named by this agent's settings`, {
    hint: "Take its address out of `peers` there, and restart the agent.",
  });
}

/** What the agents of this machine wrote down about themselves, by name. */
export async function registeredAgents(directory: string): Promise<readonly Registered[]> {
  const folder = join(directory, "agents");
  const files = await readdir(folder).catch(() => []); // No agent ever ran here.
  const texts = files
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => readFile(join(folder, file), "utf8").catch(() => "")); // Gone meanwhile.
  return (await Promise.all(texts)).flatMap(parseRegistration);
}

type Registered = Member & { readonly url: string };

function parseRegistration(text: string): readonly Registered[] {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return [];
    const { name, address } = value as { name?: unknown; address?: unknown };
    if (typeof name !== "string" || typeof address !== "string" || !URL.canParse(address))
      return [];
    return [{ name, url: new URL(address).origin, state: "known" }];
  } catch {
    return []; // Half written or torn by a crash: that agent is not to be found this way.
  }
}
