import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { PortRange } from "../../common/port.js";
import { askLibrary } from "../probe.js";
import { known, type Place, type Source, unknown } from "../source.js";

/** State of a listening socket in /proc/net/tcp. */
const LISTEN = "0A";

/** The TCP ports that are in use, and those of a range that are not. */
export function portSource(place: Place, [low, high]: PortRange): Source {
  return {
    names: ["listening_ports", "free_ports"],
    everyMs: 5_000,
    onDemand: true,
    limitMs: 5_000,
    async read(signal) {
      const ports = isLinux(place) ? await readTables(place) : await askPorts(signal);
      if (ports === undefined) {
        const why = unknown("the system does not show its table of sockets");
        return { listening_ports: why, free_ports: why };
      }
      const all = Array.from({ length: high - low + 1 }, (_, index) => low + index);
      return {
        listening_ports: known([...ports].sort((a, b) => a - b)),
        free_ports: known(all.filter((port) => !ports.has(port))),
      };
    },
  };
}

function isLinux({ platform }: Place): boolean {
  return platform === "linux" || platform === "android";
}

/** Undefined when neither table can be read, as on phones. */
async function readTables({ root }: Place): Promise<ReadonlySet<number> | undefined> {
  const ports = new Set<number>();
  let read = 0;
  for (const table of ["tcp", "tcp6"]) {
    try {
      await readTable(join(root, "/proc/net", table), ports);
      read += 1;
    } catch {
      // No such family, or hidden: the other table may tell.
    }
  }
  return read === 0 ? undefined : ports;
}

/** In pieces: with 100,000 connections the table has 15 MB, and the event loop other things to do. */
async function readTable(file: string, ports: Set<number>): Promise<void> {
  let rest = "";
  for await (const piece of createReadStream(file, "utf8")) {
    const lines = (rest + String(piece)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, local = "", , state] = line.trim().split(/\s+/, 4);
      const port = Number.parseInt(local.split(":")[1] ?? "", 16);
      if (state === LISTEN && port > 0) ports.add(port);
    }
  }
}

async function askPorts(signal: AbortSignal): Promise<ReadonlySet<number> | undefined> {
  const sockets = await askLibrary("networkConnections", signal);
  if (!Array.isArray(sockets) || sockets.length === 0) return undefined;
  const rows = sockets as readonly { readonly state?: unknown; readonly localPort?: unknown }[];
  const listening = rows.filter(({ state }) => state === "LISTEN");
  return new Set(listening.map(({ localPort }) => Number(localPort)).filter((port) => port > 0));
}
