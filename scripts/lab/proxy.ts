import { connect, createServer, type Server, type Socket } from "node:net";

/** What the proxy does with what a server answers. */
export type Answers = "pass" | "cut" | "swallow";

/**
 * Stands between a client and an HTTP server on the loopback. It counts requests, and on demand
 * loses answers to requests that have reached the server: `cut` closes the connection in place of
 * the answer, `swallow` leaves the client waiting.
 */
export class Proxy implements AsyncDisposable {
  answers: Answers = "pass";
  /** Whether the answer to this request is to be swallowed; asked once for each. */
  loses: (request: string) => boolean = () => false;
  /** Requests passed on so far. */
  requests = 0;
  /** Bytes that the server has answered so far. */
  answerBytes = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const server = connect(target, "127.0.0.1");
      this.#keep(client, server);
      this.#keep(server, client);
      let isLost = false;
      client.on("data", (chunk) => {
        // Clients here send the head of a request in one piece, and one request at a time.
        const request = chunk.toString("latin1");
        if (/^(GET|PUT|DELETE|POST) \//.test(request)) {
          this.requests += 1;
          isLost = this.loses(request);
        }
        server.write(chunk);
      });
      server.on("data", (chunk) => {
        this.answerBytes += chunk.length;
        if (this.answers === "pass" && !isLost) client.write(chunk);
        else if (this.answers === "cut") client.destroy();
      });
    });
  }

  /** Listens on a port of its own for the server on port `target`. */
  static async start(target: number): Promise<Proxy> {
    const proxy = new Proxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Socket, peer: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => undefined); // The other side closes as well, told below.
    socket.on("close", () => {
      this.#sockets.delete(socket);
      peer.destroy();
    });
  }
}
