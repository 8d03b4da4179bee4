import { connect, type Socket } from "node:net";
import type { Random } from "../../../test/property/random.js";
import type { Outgoing } from "./ask.js";
import { flipped } from "./mutation/odd-bytes.js";

/* What no well-behaved client sends: bytes on the bare socket. */

/**
 * What becomes of the connection: its answer is read; it is broken off; it is left as it is, which
 * the other side has to end; or held, with an answer that nobody reads.
 */
type End = "read" | "drop" | "leave" | "hold";

export interface Attack {
  readonly name: string;
  readonly bytes: Buffer;
  readonly end: End;
}

/** Until an answer to broken bytes is read no further, ms. */
const READ_MS = 1_500;

/** The bytes of a request, cut off, garbled, lied about, or something else altogether. */
export function attackOf(outgoing: Outgoing, random: Random): Attack {
  const whole = bytesOf(outgoing);
  const cut = whole.subarray(0, random.whole(0, whole.length - 1));
  const head = `${outgoing.method} ${outgoing.target} HTTP/1.1\r\nHost: localhost\r\n`;
  const raw = (name: string, text: string): Attack => ({
    ...{ name, bytes: Buffer.from(text, "latin1"), end: "read" },
  });
  return random.pick<() => Attack>([
    () => ({ name: "cut off", bytes: cut, end: "read" }),
    () => ({ name: "cut off and dropped", bytes: cut, end: "drop" }),
    () => ({ name: "cut off and left", bytes: cut, end: "leave" }),
    () => ({ name: "silent", bytes: Buffer.alloc(0), end: "leave" }),
    () => ({ name: "dropped before the answer", bytes: whole, end: "drop" }),
    () => ({ name: "answer never read", bytes: stream(), end: "hold" }),
    () => ({ name: "garbled", bytes: flipped(whole, random), end: "read" }),
    () => ({ name: "pipelined", bytes: Buffer.concat(Array(8).fill(whole)), end: "read" }),
    () => raw("longer than told", `${head}Content-Length: 2\r\n\r\n{"flow":"hello"}`),
    () => raw("shorter than told", `${head}Content-Length: 99\r\n\r\n{}`),
    () => raw("negative length", `${head}Content-Length: -1\r\n\r\n{}`),
    () => raw("huge length", `${head}Content-Length: ${"9".repeat(30)}\r\n\r\n{}`),
    () => raw("two lengths", `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`),
    () =>
      raw(
        "length and chunks",
        `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ),
    () => raw("broken chunks", `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n`),
    () => raw("huge chunk", `${head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}`),
    () =>
      raw(
        "chunk extensions",
        `${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2;${"a".repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
      ),
    () => raw("gzip as transfer", `${head}Transfer-Encoding: gzip\r\n\r\n{}`),
    () => raw("1,000 headers", `${head}${"x: y\r\n".repeat(1_000)}\r\n`),
    () => raw("3,000 headers", `${head}${"x: y\r\n".repeat(3_000)}\r\n`),
    () => raw("a header of 100 KB", `${head}x: ${"y".repeat(100_000)}\r\n\r\n`),
    () => raw("control characters", `${head}x: a\u0000b\u007f\r\ny: \u00ff\u001b[2J\r\n\r\n`),
    () => raw("folded header", `${head}x: a\r\n b\r\n\r\n`),
    () => raw("no host", `${outgoing.method} ${outgoing.target} HTTP/1.1\r\n\r\n`),
    () => raw("two hosts", `${head}Host: 127.0.0.1\r\n\r\n`),
    () => raw("HTTP/1.0", `${outgoing.method} ${outgoing.target} HTTP/1.0\r\n\r\n`),
    () => raw("HTTP/0.9", `GET ${outgoing.target}\r\n\r\n`),
    () => raw("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    () => raw("TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003"),
    () => raw("CONNECT", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    () => raw("asterisk", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    () =>
      raw(
        "absolute target",
        `GET http://localhost${outgoing.target} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      ),
    () => raw("target in UTF-8", `GET /v1/jobs/\u00c3\u00a9 HTTP/1.1\r\nHost: localhost\r\n\r\n`),
    () =>
      raw(
        "target with escapes",
        `GET /v1/jobs/%E0%A4%A?%=%&&=%ff HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      ),
    () =>
      raw(
        "upgrade",
        `${head}Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
      ),
    () => raw("expects something", `${head}Expect: tea\r\nContent-Length: 2\r\n\r\n{}`),
    () =>
      raw("noise", String.fromCharCode(...Array.from({ length: 200 }, () => random.whole(0, 255)))),
  ])();
}

function bytesOf({ method, target, headers, body }: Outgoing): Buffer {
  const lines = Object.entries({ host: "localhost", ...headers }).map(([k, v]) => `${k}: ${v}\r\n`);
  const length = body === undefined ? "" : `content-length: ${String(body.length)}\r\n`;
  const head = `${method} ${target} HTTP/1.1\r\n${lines.join("")}${length}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body ?? Buffer.alloc(0)]);
}

function stream(): Buffer {
  return Buffer.from(
    "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n",
  );
}

/** What came back, latin1; of one that is left or dropped nothing, and of one left its socket. */
export function send(url: string, attack: Attack): Promise<{ text: string; left?: Socket }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), hostname);
    const timer = setTimeout(() => socket.destroy(), READ_MS);
    socket.on("data", (part: Buffer) => (text += part.toString("latin1")));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") reject(error);
    });
    socket.on("close", () => {
      clearTimeout(timer);
      resolve({ text });
    });
    socket.on("connect", () => {
      if (attack.end === "read") return void socket.write(attack.bytes);
      socket.write(attack.bytes, () => {
        clearTimeout(timer);
        if (attack.end === "drop") return void socket.resetAndDestroy();
        socket.pause();
        resolve({ text: "", left: socket });
      });
    });
  });
}
