import { connect } from "node:net";
import { freePort } from "../ports.js";
import { ServerProcess } from "./server.js";

export interface RedisOptions {
  /** Further arguments of redis-server, such as `--appendonly no`. */
  readonly args?: readonly string[];
  /** Variables of its environment, such as those of a library that steers its clock. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly server: ServerProcess;
}

/** Redis with its data in `dir`, every second on disk. */
export async function startRedis(dir: string, options: RedisOptions = {}): Promise<RedisServer> {
  const port = await freePort();
  const where = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir];
  const durable = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""];
  const server = await ServerProcess.start({
    name: "redis",
    dir,
    command: ["redis-server", ...where, ...durable, ...(options.args ?? [])],
    ...(options.env === undefined ? {} : { env: options.env }),
    answers: () => answersPing(port),
    readyWithinMs: 10_000,
  });
  return { url: `redis://127.0.0.1:${String(port)}`, port, server };
}

/** While it loads its data it answers LOADING, with a password NOAUTH: only the first is no. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once("data", (answer) => {
      resolve(!answer.toString().startsWith("-LOADING"));
      socket.destroy();
    });
    socket.once("error", () => undefined);
    socket.once("close", () => {
      resolve(false);
    });
  });
}
