import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { JobrunnerError } from "../../common/error.js";
import { nearest } from "../../common/text/nearest.js";
import { DEFAULT_PORT } from "../../common/port.js";
import { stateDirectory } from "../../config/state-directory.js";

/** Where an agent listens when nobody says otherwise. */
export const DEFAULT_ADDRESS = `http://127.0.0.1:${DEFAULT_PORT}`;

/** One agent that may be asked. */
export interface Address {
  readonly url: string;
  /** What people call it: its name, or its address. */
  readonly label: string;
}

export interface AddressOptions {
  /** `--via`: an address, or the name of an agent of this machine; several with commas between. */
  readonly via?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The agents to ask, in order. Who names some with `--via` or JOBRUNNER_ADDR gets those and no
 * others: another agent may belong to another database. Else the default address, then the agents
 * that are registered in the state directory.
 */
export async function findAddresses({ via, env }: AddressOptions): Promise<readonly Address[]> {
  const registered = await registeredAgents(stateDirectory(env));
  const named = via ?? env["JOBRUNNER_ADDR"];
  if (named !== undefined && named !== "") {
    return named.split(",").map((text) => toAddress(text.trim(), registered));
  }
  const standard = { url: DEFAULT_ADDRESS, label: `127.0.0.1:${DEFAULT_PORT}` };
  return [standard, ...registered.filter(({ url }) => url !== DEFAULT_ADDRESS)];
}

function toAddress(text: string, registered: readonly Address[]): Address {
  const agent = registered.find(({ label }) => label === text);
  if (agent !== undefined) return agent;
  const looksLikeName = /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(text) && text !== "localhost";
  if (looksLikeName) throw unknownAgent(text, registered);
  const url = text.includes("://") ? text : `http://${text}`;
  if (!URL.canParse(url) || new URL(url).protocol !== "http:") {
    throw new JobrunnerError("USAGE", `"${text}" is not the address of an agent`, {
      hint: `Write it as ${DEFAULT_ADDRESS}, or give an agent's name.`,
    });
  }
  const { origin, host, port } = new URL(url);
  return port === ""
    ? { url: `${origin}:${DEFAULT_PORT}`, label: `${host}:${DEFAULT_PORT}` }
    : { url: origin, label: host };
}

function unknownAgent(name: string, registered: readonly Address[]): JobrunnerError {
  const names = registered.map(({ label }) => label);
  const meant = nearest(name, names);
  const known = names.length === 0 ? "No agent is registered here." : `Here: ${names.join(", ")}.`;
  return new JobrunnerError("NOT_FOUND", `no agent "${name}" runs on this machine`, {
    hint: meant === undefined ? known : `Did you mean ${meant}?`,
  });
}

/** What the agents of this machine wrote down about themselves, by name. */
async function registeredAgents(directory: string): Promise<readonly Address[]> {
  const folder = join(directory, "agents");
  const files = await readdir(folder).catch(() => []); // No agent ever ran here.
  const texts = files
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => readFile(join(folder, file), "utf8").catch(() => "")); // Gone meanwhile.
  return (await Promise.all(texts)).flatMap(parseRegistration);
}

function parseRegistration(text: string): readonly Address[] {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return [];
    const { name, address } = value as { name?: unknown; address?: unknown };
    if (typeof name !== "string" || typeof address !== "string" || !URL.canParse(address))
      return [];
    return [{ url: new URL(address).origin, label: name }];
  } catch {
    return []; // Half written or torn by a crash: that agent is not to be found this way.
  }
}
