import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "./ports.js";

export interface WireOptions {
  /** Port of the server, on the loopback. */
  readonly to: number;
  /** In the packets whose answers may be swallowed; default any. */
  readonly word?: string;
}

/**
 * A TCP proxy on the loopback that can do what networks do. It looks for `word` in what clients
 * send; for the next `swallow` packets that have it, the server's answer never arrives: the server
 * has done its work, and the connection breaks.
 */
export class WireProxy implements AsyncDisposable {
  readonly port: number;
  /** Answers still to be swallowed. */
  swallow = 0;
  /** Answers that were. */
  swallowed = 0;
  /** True: nothing is carried on, in either direction, and nobody is told. */
  blackHole = false;
  /** True: what clients send waits here until `release`. */
  holding = false;
  /** Bytes carried so far, both directions together. */
  carried = 0;
  readonly #held: (() => void)[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, server: Server) {
    this.port = port;
    this.#server = server;
  }

  static async start(options: WireOptions): Promise<WireProxy> {
    const port = await freePort();
    const server = createServer();
    const proxy = new WireProxy(port, server);
    server.on("connection", (client) => proxy.#join(client, options));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return proxy;
  }

  /** Carries on what was held, in its order. */
  release(): void {
    this.holding = false;
    for (const carry of this.#held.splice(0)) carry();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, { to, word = "" }: WireOptions): void {
    const server = connect(to, "127.0.0.1");
    let doomed = false;
    const pair = [client, server];
    for (const socket of pair) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined); // The other one is told by the close.
      socket.on("close", () => {
        this.#sockets.delete(socket);
        for (const each of pair) each.destroy();
      });
    }
    client.on("data", (data) => {
      if (this.blackHole) return;
      this.carried += data.length;
      if (this.swallow > 0 && data.includes(word)) {
        this.swallow -= 1;
        doomed = true;
      }
      if (this.holding) this.#held.push(() => server.write(data));
      else server.write(data);
    });
    server.on("data", (data) => {
      if (this.blackHole) return;
      this.carried += data.length;
      if (!doomed) return void client.write(data);
      this.swallowed += 1;
      client.destroy();
    });
  }
}
