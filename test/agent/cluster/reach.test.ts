import type { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { reachOf } from "../../../agent/cluster/reach.js";

type Interfaces = ReturnType<typeof networkInterfaces>;

const LAN = { address: "192.168.1.9", family: "IPv4", internal: false };
const OWN = (): Interfaces => {
  const loopback = { address: "127.0.0.1", family: "IPv4", internal: true };
  return { lo: [loopback], wlan0: [LAN] } as unknown as Interfaces;
};
/** As Android 11 and newer do. */
const HIDDEN = (): Interfaces => {
  throw new Error(
    "A system error occurred: uv_interface_addresses returned Unknown system error 13",
  );
};
const ELSEWHERE = { registry: "consul://nas.lan:8500/jobrunner" };

describe("what an agent tells the registry about where it is", () => {
  it("is nothing when it listens on the loopback and the registry is another machine's", () => {
    const at = (registry: string) =>
      reachOf({ host: "127.0.0.1", registry }, "http://127.0.0.1:7463", OWN);

    expect(at(ELSEWHERE.registry)).toEqual({
      trouble: expect.stringContaining("api.listen"),
    });
    for (const here of ["127.0.0.1", "localhost", "192.168.1.9"]) {
      expect(at(`consul://${here}:8500/jobrunner`)).toEqual({ url: "http://127.0.0.1:7463" });
    }
  });

  it("is an address that others reach when it listens on all of them", () => {
    expect(reachOf({ host: "0.0.0.0", ...ELSEWHERE }, "http://127.0.0.1:7463", OWN)).toEqual({
      url: "http://192.168.1.9:7463",
    });
    expect(reachOf({ host: "10.0.0.5", ...ELSEWHERE }, "http://10.0.0.5:7463", OWN)).toEqual({
      url: "http://10.0.0.5:7463",
    });
    expect(reachOf({ host: "::1", ...ELSEWHERE }, "http://[::1]:7463", OWN)).toHaveProperty(
      "trouble",
    );
  });

  it("is what its settings say, if the system tells or not", () => {
    const advertise = "http://server.example.org:7463";
    const told = { host: "0.0.0.0", advertise, ...ELSEWHERE };

    expect(reachOf(told, "http://127.0.0.1:7463", HIDDEN)).toEqual({ url: advertise });
  });

  it("is nothing, with the setting to write, where the system hides the addresses", () => {
    expect(reachOf({ host: "0.0.0.0", ...ELSEWHERE }, "http://127.0.0.1:7463", HIDDEN)).toEqual({
      trouble: expect.stringMatching(/hides its addresses: set api\.advertise/),
    });
    expect(reachOf({ host: "10.0.0.5", ...ELSEWHERE }, "http://10.0.0.5:7463", HIDDEN)).toEqual({
      url: "http://10.0.0.5:7463",
    });
  });
});
