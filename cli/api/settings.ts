import type { Address } from "./addresses.js";

/** What this machine's settings tell of agents that may be asked. */
export interface KnownBySettings {
  /** Where an agent of this machine listens. */
  readonly listen: readonly Address[];
  readonly peers: readonly Address[];
  /** What agents want to be told. */
  readonly token?: string;
  /** URL of the Consul in which agents are registered, with its token. */
  readonly registry?: string;
  /** Agents speak https. */
  readonly secure?: true;
  /** Why they could not be read. */
  readonly problem?: string;
}

/**
 * Read by import() and only when no agent of this machine answers at its usual places: it costs
 * more than all the rest of a command. Settings that are wrong keep nobody from asking elsewhere.
 */
export async function readSettings(
  env: Readonly<Record<string, string | undefined>>,
): Promise<KnownBySettings> {
  try {
    const { loadConfig } = await import("../../config/load.js");
    const { config } = loadConfig({ env });
    const { host, port, token, peers, registry, tls, ca } = config;
    const known = (url: string): Address => {
      return { url, label: new URL(url).host, ...(token === undefined ? {} : { token }) };
    };
    const at = EVERYWHERE.includes(host) ? "127.0.0.1" : host;
    return {
      listen:
        port === 0
          ? []
          : [known(`${tls === undefined ? "http" : "https"}://${at}:${String(port)}`)],
      peers: peers.map(known),
      ...(token === undefined ? {} : { token }),
      ...(registry === undefined ? {} : { registry }),
      ...(tls === undefined && ca === undefined ? {} : { secure: true as const }),
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { listen: [], peers: [], problem: message.split("\n", 1)[0] ?? "" };
  }
}

const EVERYWHERE: readonly string[] = ["0.0.0.0", "::", "[::]"];
