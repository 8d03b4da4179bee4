import { readFile } from "node:fs/promises";
import { JobrunnerError } from "../common/error.js";
import { nearest } from "../common/text/nearest.js";

/** Where a Consul agent answers, and what it must be told. */
export interface ConsulAddress {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** Sent as X-Consul-Token. */
  readonly token?: string;
  /** Certificates of the authority that signed the agent's, PEM. */
  readonly ca?: string;
  /** Another datacenter than the agent's own. */
  readonly datacenter?: string;
}

export interface ConsulTarget {
  readonly address: ConsulAddress;
  /** The URL's path without slashes around it; "" when there is none. */
  readonly path: string;
  /** Parameters that are the caller's, as it named them. */
  readonly parameters: ReadonlyMap<string, string>;
}

const OWN = ["token-file", "ca-file", "dc", "token"] as const;
const EXAMPLE = "Write consul://HOST:PORT/PREFIX?token-file=FILE, or consul+https://...";

/**
 * Reads `consul://host:port/path?token-file=F&ca-file=F&dc=D`; `consul+https` speaks TLS. Without
 * a token file the token is `token=`, then `CONSUL_HTTP_TOKEN` of `env`. `parameters` names
 * further ones that the caller understands. Rejects with USAGE for anything else, and for a file
 * that cannot be read.
 */
export async function resolveConsulUrl(
  text: string,
  parameters: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<ConsulTarget> {
  const url = parse(text);
  const known = [...OWN, ...parameters];
  for (const name of url.searchParams.keys()) {
    if (!known.includes(name)) throw unknown(name, known);
  }
  const secure = url.protocol === "consul+https:";
  const [tokenFile, caFile, datacenter, given] = OWN.map((name) => url.searchParams.get(name));
  const token = tokenFile
    ? await content(tokenFile, "token-file")
    : (given ?? env["CONSUL_HTTP_TOKEN"]);
  const ca = caFile ? await content(caFile, "ca-file") : undefined;
  return {
    address: {
      host: url.hostname === "" ? "127.0.0.1" : url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: url.port === "" ? (secure ? 8501 : 8500) : Number(url.port),
      secure,
      ...(token ? { token } : {}),
      ...(ca ? { ca } : {}),
      ...(datacenter ? { datacenter } : {}),
    },
    path: url.pathname.replace(/^\/+|\/+$/g, ""),
    parameters: new Map([...url.searchParams].filter(([name]) => parameters.includes(name))),
  };
}

function parse(text: string): URL {
  if (!/^consul(\+https)?:\/\//.test(text) || !URL.canParse(text)) {
    throw new JobrunnerError("USAGE", `"${text}" is no address of a Consul agent.`, {
      hint: EXAMPLE,
    });
  }
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") {
    throw new JobrunnerError("USAGE", "A Consul URL takes no user or password.", {
      hint: "Put the token into a file and write ?token-file=FILE, or set CONSUL_HTTP_TOKEN.",
    });
  }
  return url;
}

function unknown(name: string, known: readonly string[]): JobrunnerError {
  const like = nearest(name, known);
  return new JobrunnerError("USAGE", `A Consul URL has no parameter "${name}".`, {
    hint: like === undefined ? `It may have ${known.join(", ")}.` : `Did you mean ${like}?`,
  });
}

async function content(path: string, parameter: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    throw new JobrunnerError("USAGE", `The ${parameter} ${path} cannot be read.`, {
      hint: "Check the path, and that the agent's user may read it.",
      cause: error,
    });
  }
}
