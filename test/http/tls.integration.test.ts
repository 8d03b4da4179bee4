import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPeer } from "../../agent/cluster/peer.js";
import type { HttpServer } from "../../agent/http/server.js";
import { createClient } from "../../cli/api/client.js";
import { makeCertificate } from "../support/certificate.js";
import { serve } from "./serve.js";

const TOKEN = "correct-horse-battery";
const dir = mkdtempSync(join(tmpdir(), "jobrunner-tls-"));
let server: HttpServer;
let url: string;
let first: ReturnType<typeof makeCertificate>;

beforeAll(async () => {
  first = makeCertificate(dir, "first");
  server = serve({ token: TOKEN, tls: read(first) });
  url = await server.listen({ host: "127.0.0.1", port: 0 });
});
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

function read({ cert, key }: ReturnType<typeof makeCertificate>): { cert: string; key: string } {
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

const client = (ca: string | undefined) =>
  createClient({
    via: url,
    env: {
      ...{ XDG_CONFIG_HOME: dir, XDG_STATE_HOME: dir, JOBRUNNER_TOKEN: TOKEN },
      ...(ca === undefined ? {} : { JOBRUNNER_CA_FILE: ca }),
    },
    say: () => undefined,
  });

const JOBS = () =>
  ({ method: "GET", url, path: "/v1/jobs", only: undefined, limitMs: 5_000 }) as const;

describe("an agent with a certificate", () => {
  it("answers over https who trusts its authority, command line and other agents", async () => {
    const ca = readFileSync(first.cert, "utf8");

    expect(url).toMatch(/^https:/);
    expect(await (await client(first.cert)).get("/v1/jobs")).toEqual({ items: [] });
    const peer = createPeer(() => ({ token: TOKEN, ca }));
    expect(await peer.ask(JOBS())).toEqual({ agent: "alpha", said: { items: [] } });
  });

  it("is not believed by who does not", async () => {
    const other = makeCertificate(dir, "other");
    const asked = (await client(other.cert)).get("/v1/jobs");

    await expect(asked).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining("JOBRUNNER_CA_FILE"),
    });
    await expect((await client(undefined)).get("/v1/jobs")).rejects.toThrow("not trusted");
    await expect(createPeer(() => ({ token: TOKEN })).ask(JOBS())).rejects.toMatchObject({
      code: "UNREACHABLE",
    });
  });

  it("does not speak plain http", async () => {
    const { port, hostname } = new URL(url);
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await new Promise((resolve) => socket.on("close", resolve).on("error", resolve));

    expect(Buffer.concat(chunks).toString()).not.toContain("200");
  });

  it("takes over a renewed certificate while it runs", async () => {
    const renewed = makeCertificate(dir, "renewed");
    server.replace({ token: TOKEN }, read(renewed));

    expect(await (await client(renewed.cert)).get("/v1/jobs")).toEqual({ items: [] });
    await expect((await client(first.cert)).get("/v1/jobs")).rejects.toThrow("not trusted");
  });
});
