import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resolveConsulUrl } from "../../consul/address.js";
import { tempDir } from "../support/temp.js";

describe("the URL of a Consul agent", () => {
  it("has defaults for everything but its scheme", async () => {
    expect(await resolveConsulUrl("consul://", [], {})).toEqual({
      address: { host: "127.0.0.1", port: 8500, secure: false },
      path: "",
      parameters: new Map(),
    });
    const { address } = await resolveConsulUrl("consul+https://c.lan", [], {});
    expect(address).toEqual({ host: "c.lan", port: 8501, secure: true });
  });

  it("names host, port, path, datacenter and what the caller understands", async () => {
    const target = await resolveConsulUrl(
      "consul://[::1]:99/a/b/?dc=d1&session=ttl",
      ["session"],
      {},
    );

    expect(target).toEqual({
      address: { host: "::1", port: 99, secure: false, datacenter: "d1" },
      path: "a/b",
      parameters: new Map([["session", "ttl"]]),
    });
  });

  it("takes the token from a file, or from the environment", async () => {
    const file = join(tempDir(), "token");
    writeFileSync(file, "from-file\n");
    const env = { CONSUL_HTTP_TOKEN: "from-env" };

    const [one, two] = await Promise.all([
      resolveConsulUrl(`consul://h/?token-file=${file}`, [], env),
      resolveConsulUrl("consul://h/", [], env),
    ]);

    expect([one.address.token, two.address.token]).toEqual(["from-file", "from-env"]);
  });

  it.each([
    ["http://h:8500", /consul:\/\/HOST/],
    ["consul:h", /consul:\/\/HOST/],
    ["consul://h:99999/", /consul:\/\/HOST/],
    ["consul://:secret@h/", /token-file/],
    ["consul://h/?tokenfile=x", /mean token-file/],
    ["consul://h/?zzzzzzzz=1", /may have token-file/],
    ["consul://h/?ca-file=/no/such/file", /path/],
  ])("is refused as %s, with a hint", async (url, hint) => {
    await expect(resolveConsulUrl(url, [], {})).rejects.toMatchObject({
      code: "USAGE",
      hint: expect.stringMatching(hint) as string,
    });
  });
});
