import { createServer, type Server } from "node:net";
import type { Verdict } from "../../capability.js";
import { ABLE, builtin, notAble } from "../define.js";

/**
 * Nothing on this machine listens on the TCP port. Found out by listening for a moment: reading
 * tables of sockets is neither possible everywhere (Android) nor exact.
 */
export const portIsFree = builtin({
  name: "port_is_free",
  summary: "Nothing listens on the TCP port.",
  takes: ["port"],
  needs: [],
  exclusive: true,
  // Short, since other programs come and go; long enough for one look at a full board.
  cacheMs: 500,
  async check([port]): Promise<Verdict> {
    // Both families: a program may hold only one of them.
    const first = await tryToListen(port, "0.0.0.0");
    return first === undefined
      ? toVerdict(port, await tryToListen(port, "::"))
      : toVerdict(port, first);
  },
});

/** Error codes that say nothing about the port: the machine has no such address family. */
const NO_FAMILY: readonly string[] = ["EAFNOSUPPORT", "EADDRNOTAVAIL", "EINVAL"];

function toVerdict(port: number, code: string | undefined): Verdict {
  if (code === undefined || NO_FAMILY.includes(code)) return ABLE;
  const needed = `port ${port} free`;
  if (code === "EADDRINUSE") return notAble(`port ${port} is in use`, needed);
  if (code !== "EACCES") return { unknown: `listening on port ${port} fails with ${code}` };
  return notAble(`this user may not listen on port ${port}`, `${needed} and allowed`);
}

/** Undefined when listening worked, else the error's code. */
function tryToListen(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server: Server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    const options = { port, host, ipv6Only: host === "::", exclusive: true };
    server.listen(options, () => server.close(() => resolve(undefined)));
  });
}
