import { describe, expect, it } from "vitest";
import server from "../../flows/simple-http-webserver.js";
import { everyCrashPoint, testFlow } from "../../sdk/testing/index.js";

const TASK = "run_simple_webserver";

describe("simple_http_webserver", () => {
  it("asks for its port and serves its directory", async () => {
    const served: unknown[] = [];
    const bodies = { [TASK]: (input: object) => void served.push(input) };

    const result = await testFlow(server, { port: 8887 }, { bodies });

    expect(result).toMatchObject({ state: "SUCCESS", needs: ["port_is_free(8887)"] });
    expect(served).toEqual([{ host: "127.0.0.1", port: 8887, root: "" }]);
  });

  it("starts a server that went away, for an hour and a half before it gives up", async () => {
    const result = await testFlow(server, {}, { fail: { [TASK]: "the port is taken" } });

    expect(result.state).toBe("REVERTED");
    expect(result.calls).toHaveLength(100);
    expect(result.errors[TASK]).toBe("the port is taken");
  });

  it("runs its file server in a process of its own, with port and directory", async () => {
    const words: string[] = [];

    await testFlow(server, { port: 99, root: "/srv" }, { commands: (c) => words.push(...c.args) });

    expect(words.join(" ")).toMatch(/file-server\.[tj]s.* -- 127\.0\.0\.1 99 \/srv$/s);
  });

  it("is served on by another owner, wherever one dies", async () => {
    const bodies = { [TASK]: () => "stopped" };

    const points = await everyCrashPoint(server, {}, { bodies }, (result) => {
      expect(result.state).toBe("SUCCESS");
    });

    expect(points).toBeGreaterThanOrEqual(3);
  });
});
