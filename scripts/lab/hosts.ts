import { execFileSync } from "node:child_process";
import { userInfo } from "node:os";
import { listProcesses } from "./processes.js";

/*
 * Machines of a network that are none: namespaces of Linux, with cables to a bridge in another one,
 * which has no way out: what this machine filters, as Docker makes it do, is not their concern.
 * Programs in them share this machine's disk and clock, and nothing of its network.
 */

/** A machine with an address of its own. */
export interface Host {
  readonly name: string;
  readonly address: string;
  /** The same program, started on this machine. */
  inside(command: readonly [string, ...string[]]): readonly [string, ...string[]];
  /** Takes the cable out: nothing reaches it, nothing leaves it, and nobody is told. */
  unplug(): void;
  plug(): void;
}

export interface Network extends Disposable {
  /** Of this very machine on the bridge: where the hosts find servers that run here. */
  readonly address: string;
  readonly hosts: readonly Host[];
}

/** A program on that machine, or on this one. */
export function onHost(
  command: readonly [string, ...string[]],
  host: Host | undefined,
): readonly [string, ...string[]] {
  return host === undefined ? command : host.inside(command);
}

/** Why there can be no hosts here; undefined when there can. */
export function hostsMissing(): string | undefined {
  if (process.platform !== "linux") return "namespaces of networks are a thing of Linux";
  if (userInfo().uid !== 0) return "only root may make namespaces of networks";
  try {
    ip("netns", "list");
    return undefined;
  } catch (error) {
    return `ip of the package iproute2 does not work: ${String(error)}`;
  }
}

/** Names tell whose they are, so that what a killed run left behind can be found. */
const PREFIX = "jrlab";

/** Makes so many hosts, at most 200; dispose removes them, once nothing runs in them any more. */
export function openNetwork(count: number): Network {
  removeLeftOvers();
  const id = `${PREFIX}${String(process.pid)}`;
  const net = freeNet();
  const address = `${net}.254`;
  try {
    const hub = `${id}-0`;
    ip("netns", "add", hub);
    ip("-n", hub, "link", "add", BRIDGE, "type", "bridge", "stp_state", "0", "forward_delay", "0");
    ip("-n", hub, "link", "set", BRIDGE, "up");
    const hosts = Array.from({ length: count }, (_, n) => addHost({ id, hub, net }, n + 1));
    // This machine has a cable, too.
    ip("link", "add", id, "type", "veth", "peer", "name", "here", "netns", hub);
    ip("-n", hub, "link", "set", "here", "master", BRIDGE, "up");
    ip("addr", "add", `${address}/24`, "dev", id);
    ip("link", "set", id, "up");
    return { address, hosts, [Symbol.dispose]: () => remove(id) };
  } catch (error) {
    remove(id);
    throw error;
  }
}

const BRIDGE = "bridge";

interface Place {
  readonly id: string;
  /** The namespace of the bridge. */
  readonly hub: string;
  readonly net: string;
}

function addHost({ id, hub, net }: Place, n: number): Host {
  const [name, address, port] = [`${id}-${n}`, `${net}.${n}`, `port${n}`];
  ip("netns", "add", name);
  ip("-n", hub, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name);
  ip("-n", hub, "link", "set", port, "master", BRIDGE, "up");
  ip("-n", name, "link", "set", "lo", "up");
  ip("-n", name, "addr", "add", `${address}/24`, "dev", "eth0");
  ip("-n", name, "link", "set", "eth0", "up");
  return {
    name,
    address,
    inside: (command) => ["ip", "netns", "exec", name, ...command],
    unplug: () => void ip("-n", hub, "link", "set", port, "down"),
    plug: () => void ip("-n", hub, "link", "set", port, "up"),
  };
}

/** A network of 256 addresses that this machine does not use. */
function freeNet(): string {
  const used = ip("-4", "addr");
  const nets = Array.from({ length: 200 }, (_, n) => `10.${String(30 + n)}.77`);
  const net = nets.find((each) => !used.includes(` ${each}.`));
  if (net === undefined) throw new Error("every network is in use");
  return net;
}

/** Networks of runs that were killed. */
function removeLeftOvers(): void {
  const alive = new Set(listProcesses().map(({ pid }) => String(pid)));
  const ids = `${ip("netns", "list")}\n${ip("-o", "link")}`.match(/jrlab\d+/g) ?? [];
  for (const id of new Set(ids)) if (!alive.has(id.slice(PREFIX.length))) remove(id);
}

function remove(id: string): void {
  const names = ip("netns", "list").match(new RegExp(`^${id}-\\d+`, "gm")) ?? [];
  for (const name of names) ip("netns", "del", name);
  // Gone with the hub, but that takes a moment: it may go between the look and the word.
  if (!hasLink(id)) return;
  try {
    ip("link", "del", id);
  } catch (error) {
    if (hasLink(id)) throw error;
  }
}

function hasLink(id: string): boolean {
  return ip("-o", "link").includes(` ${id}@`);
}

function ip(...args: readonly string[]): string {
  return execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
