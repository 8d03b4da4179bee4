import { readFileSync } from "node:fs";
import { createServer as createPlain, type RequestListener, type Server } from "node:http";
import { createServer as createSecure } from "node:https";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { PeerOptions } from "../../../agent/cluster/peer.js";
import { createStreams } from "../../../agent/cluster/streams.js";
import type { StreamEvent } from "../../../common/text/event-parser.js";
import { makeCertificate } from "../../support/certificate.js";
import { leftAt } from "../../support/left-at.js";
import { tempDir } from "../../support/temp.js";

const EVENT = 'id: a~1.1\nevent: job.state\ndata: {"n":1}\n\n';
const READ = { id: "a~1.1", event: "job.state", data: '{"n":1}' };

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function serve(answer: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createPlain(answer))}`;
}

async function read(url: string, options: PeerOptions = {}): Promise<readonly StreamEvent[]> {
  const events: StreamEvent[] = [];
  const { signal } = new AbortController();
  for await (const event of createStreams(() => options).open(url, signal)) events.push(event);
  return events;
}

describe("a stream of another agent", () => {
  it("is asked for with the token in force, and read over https from whom is trusted", async () => {
    const { cert, key } = makeCertificate(tempDir(), "peer");
    const [ca, privateKey] = [readFileSync(cert, "utf8"), readFileSync(key, "utf8")];
    const shown: (string | undefined)[] = [];
    const server = createSecure({ cert: ca, key: privateKey }, ({ headers }, response) => {
      shown.push(headers.authorization);
      response.end(EVENT);
    });
    const url = `https://127.0.0.1:${await listen(server)}`;

    expect(await read(url, { ca, token: "one" })).toEqual([READ]);
    expect(await read(url, { ca, token: "two" })).toEqual([READ]);
    await expect(read(url)).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(shown).toEqual(["Bearer one", "Bearer two"]);
  });

  it.each([
    [401, "UNAUTHORISED"],
    [302, "UNREACHABLE"],
    [503, "UNREACHABLE"],
  ])("is none when the answer is %d: %s", async (status, code) => {
    const url = await serve((_request, response) => {
      response.writeHead(status, { location: "http://127.0.0.1:9/" }).end(EVENT);
    });

    await expect(read(url)).rejects.toMatchObject({
      ...{ code, message: expect.stringContaining(`answered ${status}`) },
    });
  });

  it("that breaks off has told what it told, and says why it ends", async () => {
    const url = await serve((_request, response) => {
      response.write(EVENT, () => response.socket?.destroySoon());
    });
    const events: StreamEvent[] = [];
    const { signal } = new AbortController();
    const whole = (async () => {
      const stream = createStreams(() => ({})).open(url, signal);
      for await (const event of stream) events.push(event);
    })();

    await expect(whole).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(events).toEqual([READ]);
  });

  it("leaves nothing at the signal of who reads, however it ends", async () => {
    const url = await serve((_request, response) => void response.end(EVENT + EVENT));
    const refused = await serve((_request, response) => void response.writeHead(503).end());
    const { signal } = new AbortController();
    const open = (at: string) => createStreams(() => ({})).open(at, signal);
    const read = async (at: string): Promise<void> => {
      for await (const event of open(at)) expect(event).toEqual(READ);
    };

    await read(url);
    for await (const event of open(url)) {
      expect(event).toEqual(READ);
      break;
    }
    await expect(read(refused)).rejects.toThrow("answered 503");

    expect(leftAt(signal)).toBe(0);
  });
});
