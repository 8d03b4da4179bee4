import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onHost, type Host } from "../hosts.js";
import { freePort } from "../ports.js";
import { ServerProcess } from "./server.js";

/** Everything a Consul listens on, all on the loopback. */
export interface ConsulPorts {
  readonly http: number;
  readonly server: number;
  readonly serf_lan: number;
  readonly serf_wan: number;
  readonly dns: number;
  /** Of its HTTP API with TLS; -1, the default: none. */
  readonly https?: number;
}

export interface ConsulOptions {
  /** Default: free ones. */
  readonly ports?: Partial<ConsulPorts>;
  /** Merged over the configuration below, such as `{ acl: { enabled: true } }`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The machine it runs on, with Consul's usual ports; default this one's loopback. */
  readonly host?: Host;
}

export interface ConsulServer {
  /** Of its HTTP API, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly server: ServerProcess;
  version(): Promise<string>;
  /** Deletes its data, as a disk that was lost; while it is not running. */
  forget(): void;
}

const USUAL_PORTS: ConsulPorts = {
  ...{ http: 8500, server: 8300, serf_lan: 8301, serf_wan: 8302, dns: 8600 },
};

/** One Consul server, leader of itself, with its data in `dir`. */
export async function startConsul(dir: string, options: ConsulOptions = {}): Promise<ConsulServer> {
  const { host } = options;
  const usual = host === undefined ? await consulPorts() : USUAL_PORTS;
  const ports = { ...usual, ...options.ports };
  const address = host?.address ?? "127.0.0.1";
  mkdirSync(dir, { recursive: true });
  const file = join(dir, "consul.json");
  const config = {
    server: true,
    bootstrap_expect: 1,
    bind_addr: address,
    client_addr: host === undefined ? address : `127.0.0.1 ${address}`,
    node_name: "test",
    data_dir: join(dir, "data"),
    log_level: "WARN",
    ports: { ...ports, grpc: -1 },
    performance: { raft_multiplier: 1 },
    // Sessions of tests may be shorter than Consul's ten seconds.
    session_ttl_min: "1s",
    leave_on_terminate: false,
    disable_update_check: true,
    ...options.config,
  };
  writeFileSync(file, JSON.stringify(config));
  const url = `http://${address}:${String(ports.http)}`;
  const server = await ServerProcess.start({
    name: "consul",
    dir,
    command: onHost(["consul", "agent", "-config-file", file], host),
    answers: () => hasLeader(url),
    readyWithinMs: 30_000,
  });
  const forget = (): void => rmSync(join(dir, "data"), { recursive: true, force: true });
  return { url, port: ports.http, server, version: () => versionOf(url), forget };
}

async function hasLeader(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/v1/status/leader`, { signal: AbortSignal.timeout(1_000) });
  return answer.ok && (await answer.text()) !== '""';
}

async function versionOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/v1/agent/self`, { signal: AbortSignal.timeout(1_000) });
  const self = (await answer.json()) as { readonly Config: { readonly Version: string } };
  return self.Config.Version;
}

/** Taken together: one after the other, the second could be the first again. */
export async function consulPorts(): Promise<ConsulPorts> {
  const taken = await Promise.all(Array.from({ length: 5 }, () => freePort()));
  const [http = 0, server = 0, serf_lan = 0, serf_wan = 0, dns = 0] = taken;
  return { http, server, serf_lan, serf_wan, dns };
}
