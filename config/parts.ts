import type { Loaded } from "./load.js";
import { withoutSecrets } from "./secrets.js";
import { at } from "./sources/source.js";

const HIDDEN = "***";

/** The parts of a board, a persistence, Consul and a certificate, each as people read it. */
export function partsOf({ config, settings }: Loaded): Readonly<Record<string, string>> {
  const written = (...path: readonly string[]): string => String(at(settings, path) ?? "");
  const cert = written("api", "tls", "cert");
  const key = written("api", "tls", "key");
  return {
    "api.tls.cert": cert.startsWith("-----BEGIN ") ? "given" : cert,
    "api.tls.key": key.startsWith("-----BEGIN ") ? HIDDEN : key,
    ...consulParts(config.registry),
    ...storeParts("board", written("board", "kind"), config.board),
    ...storeParts("persistence", written("persistence", "kind"), config.persistence),
    "board.prefix": written("board", "prefix"),
  };
}

function consulParts(registry: string | undefined): Readonly<Record<string, string>> {
  if (registry === undefined) return { "consul.address": "", "consul.token": "", "consul.ca": "" };
  const { protocol, host, searchParams } = new URL(registry);
  const isKnown = searchParams.has("token") || searchParams.has("token-file");
  return {
    "consul.address": `${protocol === "consul+https:" ? "https" : "http"}://${host}`,
    "consul.token": isKnown ? HIDDEN : "",
    "consul.ca": searchParams.get("ca-file") ?? "",
  };
}

/** An embedded one has a path, the others a URL; that of Consul is Consul's own. */
function storeParts(above: string, kind: string, url: string): Readonly<Record<string, string>> {
  const isFile = kind === "" || kind === "embedded";
  return {
    [`${above}.kind`]: isFile ? "embedded" : kind,
    [`${above}.path`]: isFile ? url.replace(/^sqlite:/, "") : "",
    [`${above}.url`]: isFile || kind === "consul" ? "" : withoutSecrets(url),
  };
}
