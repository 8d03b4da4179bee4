import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { nodeArguments } from "../../agent/runner/transport/entry.js";
import { freePort } from "../../scripts/lab/ports.js";
import { until } from "../../scripts/lab/until.js";
import { tempDir } from "../support/temp.js";

/* The file server of simple_http_webserver, as its flow starts it: a process with host, port and root. */

const SERVER = new URL("../../dist/flows/simple-http-webserver/file-server.js", import.meta.url);

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly length: string;
  readonly location: string;
  readonly body: string;
}

describe("the file server", () => {
  it("serves files with their type and length", async () => {
    const { get } = await serve();

    expect(await get("/page.html")).toMatchObject({
      ...{ status: 200, type: "text/html; charset=utf-8", length: "9", body: "<p>hi</p>" },
    });
    expect(await get("/data.json?x=1")).toMatchObject({ status: 200, type: "application/json" });
    expect(await get("/strange")).toMatchObject({ type: "application/octet-stream" });
    expect(await get("/empty.txt")).toMatchObject({ status: 200, length: "0", body: "" });
    expect(await get("/a%20b%23%C3%A4.txt")).toMatchObject({ status: 200, body: "named" });
  });

  it("answers HEAD with the head alone", async () => {
    const { ask } = await serve();

    const head = await ask("HEAD", "/page.html");

    expect(head).toMatchObject({ status: 200, length: "9", body: "" });
  });

  it("lists a directory without an index, serves the index of one that has it", async () => {
    const { get } = await serve();

    const list = await get("/");
    expect(list).toMatchObject({ status: 200, type: "text/html; charset=utf-8" });
    expect(list.body).toContain('href="./page.html"');
    expect(list.body).toContain('href="./a%20b%23%C3%A4.txt"');
    expect(list.body).toContain("&lt;b&gt;.txt");
    expect(await get("/site/")).toMatchObject({ status: 200, body: "index of site" });
    expect(await get("/site")).toMatchObject({ status: 301, location: "/site/" });
  });

  it("neither lists nor serves names that begin with a dot", async () => {
    const { get, root } = await serve();
    mkdirSync(join(root, ".ssh"));
    writeFileSync(join(root, ".ssh", "id_rsa"), "a key");
    writeFileSync(join(root, ".env"), "a password");

    expect((await get("/")).body).not.toMatch(/ssh|env/);
    for (const path of ["/.ssh/id_rsa", "/.ssh/", "/.env", "/%2eenv", "/site/..%5c.env"]) {
      expect((await get(path)).status).toBeGreaterThanOrEqual(400);
    }
  });

  it("is there for its own machine alone unless told otherwise", async () => {
    const { port } = await serve();
    const other = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .find(({ internal, family }) => !internal && family === "IPv4");
    const host = other?.address ?? "127.0.0.2"; // Another address of the loopback will do.

    await expect(fetch(`http://${host}:${port}/`)).rejects.toThrow("fetch failed");
  });

  it("serves a page that says it works when there is no directory", async () => {
    const port = await freePort();
    start(port, "");
    const url = `http://127.0.0.1:${port}`;
    const look = async () => (await fetch(url).catch(() => undefined))?.text();

    expect(await until(look, { withinMs: 10_000 })).toContain("This web server is a job");
    expect((await fetch(`${url}/package.json`)).status).toBe(404);
  });

  it("lets nothing outside its directory be read", async () => {
    const { get } = await serve();
    const paths = {
      ...{ "/../secret.txt": 400, "/site/../../secret.txt": 400, "/%2e%2e/secret.txt": 400 },
      ...{ "/..%2fsecret.txt": 400, "/..%5csecret.txt": 400, "/%00": 400, "/%zz": 400 },
      ...{ "//etc/passwd": 404, "/link-out.txt": 404, "/link-dir/secret.txt": 404 },
      "/missing": 404,
    };

    for (const [path, status] of Object.entries(paths)) {
      const answer = await get(path);

      expect(answer, path).toMatchObject({ status });
      expect(answer.body, path).not.toContain("secret of");
    }
  });

  it("takes no other method", async () => {
    const { ask } = await serve();

    for (const method of ["POST", "PUT", "DELETE"]) {
      expect((await ask(method, "/page.html")).status).toBe(405);
    }
  });

  it("ends with 0 on SIGTERM, also with an open connection", async () => {
    const { child, exit, port } = await serve();
    const held = request({ port, host: "127.0.0.1", method: "POST", path: "/" });
    held.on("error", () => undefined);
    held.write("never ends");

    child.kill("SIGTERM");

    expect(await exit).toBe(0);
    held.destroy();
  });

  it("ends with 1 and a word when the port is taken or the root is no directory", async () => {
    const { port, root } = await serve();

    const second = start(port, root);
    const file = start(await freePort(), join(root, "page.html"));

    expect([await second.exit, await file.exit]).toEqual([1, 1]);
    expect(second.output()).toContain("EADDRINUSE");
    expect(file.output()).toContain("is not a directory");
  });
});

function site(): string {
  const dir = tempDir();
  const root = join(dir, "root");
  mkdirSync(join(root, "site"), { recursive: true });
  mkdirSync(join(dir, "beside"));
  const files = {
    ...{ "page.html": "<p>hi</p>", "data.json": "{}", strange: "?", "empty.txt": "" },
    ...{ "a b#ä.txt": "named", "<b>.txt": "", "site/index.html": "index of site" },
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  writeFileSync(join(dir, "secret.txt"), "secret of the owner");
  writeFileSync(join(dir, "beside", "secret.txt"), "secret of the owner");
  symlinkSync(join(dir, "secret.txt"), join(root, "link-out.txt"));
  symlinkSync(join(dir, "beside"), join(root, "link-dir"));
  chmodSync(root, 0o755);
  return root;
}

function start(port: number, root: string, host = "127.0.0.1") {
  const child = spawn(process.execPath, [...nodeArguments(SERVER, [host, String(port), root])], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (part: Buffer) => (output += part.toString()));
  child.stderr.on("data", (part: Buffer) => (output += part.toString()));
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exit;
  });
  return { child, exit, output: () => output };
}

async function serve() {
  const root = site();
  const port = await freePort();
  const server = start(port, root);
  await until(() => server.output().includes("serving"), { withinMs: 10_000 });
  const ask = (method: string, path: string) => send({ port, method, path });
  return { ...server, root, port, ask, get: (path: string) => ask("GET", path) };
}

interface Sent {
  readonly port: number;
  readonly method: string;
  readonly path: string;
}

/** By hand: `fetch` tidies up the very paths that must be refused. */
function send({ port, method, path }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, method, path, agent: false }, (response) => {
      let body = "";
      response.on("data", (part: Buffer) => (body += part.toString()));
      response.on("end", () => {
        const { "content-type": type, "content-length": length, location } = response.headers;
        const status = response.statusCode ?? 0;
        resolve({
          ...{ status, body, type: type ?? "" },
          ...{ length: length ?? "", location: location ?? "" },
        });
      });
    });
    asked.on("error", reject);
    asked.end();
  });
}
