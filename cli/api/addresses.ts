import { registeredAgents } from "../../cluster/machine.js";
import { JobrunnerError } from "../../common/error.js";
import { DEFAULT_PORT } from "../../common/port.js";
import { nearest } from "../../common/text/nearest.js";
import { stateDirectory } from "../../config/state-directory.js";

/** Where an agent listens when nobody says otherwise. */
export const DEFAULT_ADDRESS = `http://127.0.0.1:${DEFAULT_PORT}`;

/** One agent that may be asked. */
export interface Address {
  readonly url: string;
  /** What people call it: its name, or its address. */
  readonly label: string;
  /** Nobody named it: that nothing listens there is no news while there is another one. */
  readonly assumed?: true;
  /** The person named the agent by its label: no other one may obey. */
  readonly named?: true;
  /** What this machine's settings say it wants; the person's own comes first. */
  readonly token?: string;
}

/** An agent as the cluster knows it; without a URL only its own machine reaches it. */
export type Known = Pick<Address, "label" | "token"> & Partial<Pick<Address, "url">>;

export interface AddressOptions {
  /**
   * `--via`: an address, the name of an agent, or `any`; several with commas between, to be tried
   * in this order.
   */
  readonly via?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const STANDARD: Address = {
  ...{ url: DEFAULT_ADDRESS, label: `127.0.0.1:${DEFAULT_PORT}`, assumed: true },
};

/** Words for whichever agent of the cluster answers. */
const ANY: readonly string[] = ["any", "any-agent"];

/**
 * The agents to ask, in order. Who names some with `--via` or JOBRUNNER_ADDR gets those and no
 * others: another agent may belong to another database. Else the default address, then the agents
 * that are registered in the state directory; whoever asks them all in vain looks further.
 */
export async function findAddresses(
  options: AddressOptions,
  cluster: (local: readonly Address[]) => Promise<readonly Known[]>,
): Promise<readonly Address[]> {
  const { env } = options;
  const registered = await registeredHere(env);
  const usual = registered.find(({ url }) => url === DEFAULT_ADDRESS);
  const local = [usual ?? STANDARD, ...registered.filter((address) => address !== usual)];
  const named = namedBy(options);
  if (named === undefined) return local;
  let known: ReturnType<typeof cluster> | undefined;
  const everybody = () => (known ??= cluster(local)); // Once, however many are named.
  const found: Address[] = [];
  for (const text of named.split(",").map((each) => each.trim())) {
    if (ANY.includes(text)) found.push(...shuffled((await everybody()).filter(isReached)));
    else if (!looksLikeName(text)) found.push(toAddress(text));
    else found.push(await byName(text, registered, everybody));
  }
  return found;
}

/** What the person said; undefined when any agent will do. */
export function namedBy({ via, env }: AddressOptions): string | undefined {
  const named = via ?? env["JOBRUNNER_ADDR"];
  return named === "" ? undefined : named;
}

async function byName(
  name: string,
  registered: readonly Address[],
  cluster: () => Promise<readonly Known[]>,
): Promise<Address> {
  const here = registered.find(({ label }) => label === name);
  if (here !== undefined) return { ...here, named: true };
  const known = await cluster().catch(() => []); // Nobody can be asked: then nobody has the name.
  const there = known.find(({ label }) => label === name);
  if (there === undefined) throw unknownAgent(name, [...registered, ...known]);
  if (isReached(there)) return { ...there, named: true };
  throw new JobrunnerError("UNREACHABLE", `agent ${name} listens on its own machine only`, {
    hint: `Ask for it there, or ask another agent about it: jobrunner agents ${name}`,
  });
}

export function isReached(known: Known): known is Known & Address {
  return known.url !== undefined;
}

/** So that not all commands of all machines go to the same agent. */
function shuffled(addresses: readonly Address[]): readonly Address[] {
  return addresses
    .map((address) => ({ address, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ address }) => address);
}

function looksLikeName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(text) && text !== "localhost";
}

async function registeredHere(env: AddressOptions["env"]): Promise<readonly Address[]> {
  const members = await registeredAgents(stateDirectory(env));
  return members.map(({ name, url }) => ({ url, label: name }));
}

function toAddress(text: string): Address {
  const url = text.includes("://") ? text : `http://${text}`;
  if (!URL.canParse(url) || !["http:", "https:"].includes(new URL(url).protocol)) {
    throw new JobrunnerError("USAGE", `"${text}" is not the address of an agent`, {
      hint: `Write it as ${DEFAULT_ADDRESS}, or give an agent's name.`,
    });
  }
  const { origin, host, port } = new URL(url);
  return port === ""
    ? { url: `${origin}:${DEFAULT_PORT}`, label: `${host}:${DEFAULT_PORT}` }
    : { url: origin, label: host };
}

function unknownAgent(name: string, registered: readonly Known[]): JobrunnerError {
  const names = [...new Set(registered.map(({ label }) => label))];
  const meant = nearest(name, names);
  const known = names.length === 0 ? "No agent is registered." : `There are ${names.join(", ")}.`;
  return new JobrunnerError("NOT_FOUND", `there is no agent "${name}"`, {
    hint: meant === undefined ? known : `Did you mean ${meant}?`,
  });
}
