import { createConnection } from "node:net";
import { expect, inject, it } from "vitest";
import { startRedis } from "./own-servers.js";
import { tempDir } from "./temp.js";

it("gives tests servers that answer", async () => {
  const leader = await fetch(`${inject("consulUrl")}/v1/status/leader`);

  expect(await leader.json()).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(await say(inject("redisUrl"), "PING\r\n")).toBe("+PONG\r\n");
  expect(await say(inject("mysqlUrl"), "")).toMatch(/_password\0/);
});

it("kills a server and starts it again on the same port with the same data", async () => {
  const redis = await startRedis(tempDir(), { args: ["--appendfsync", "always"] });
  await using server = redis.server;
  await say(redis.url, "SET kept 1\r\n");

  await server.kill();
  await expect(say(redis.url, "PING\r\n")).rejects.toThrow("ECONNREFUSED");
  await server.start();

  expect(await say(redis.url, "GET kept\r\n")).toBe("$1\r\n1\r\n");
});

it("tells what a server said that does not start", async () => {
  const args = ["--maxmemory-policy", "nonsense"];

  await expect(startRedis(tempDir(), { args })).rejects.toThrow(/ended at once:[^]*nonsense/);
});

/** Sends some bytes and gives the first that come back. */
function say(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = createConnection(Number(port), hostname, () => socket.write(bytes));
    socket.once("error", reject);
    socket.once("data", (answer) => {
      resolve(answer.toString("latin1"));
      socket.destroy();
    });
  });
}
