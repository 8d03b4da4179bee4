import { describe, expect, it } from "vitest";
import { reloader } from "../../cli/agent/reload.js";
import type { Loaded } from "../../config/load.js";
import { load } from "../config/given.js";
import { makeCertificate } from "../support/certificate.js";
import { tempDir } from "../support/temp.js";

/** What an agent started with the first settings says, told to read each of the next ones. */
function saidOf(first: Loaded, ...next: readonly Loaded[]): readonly object[] {
  const said: object[] = [];
  const waiting = [...next];
  const reload = reloader(
    { change: () => undefined },
    { level: "info", info: (told: object) => void said.push(told), error: () => undefined },
    { loaded: first, load: () => waiting.shift() ?? first },
  );
  for (const _each of next) reload();
  return said;
}

describe("settings read again", () => {
  const flags = { database: "/jobs.db" };
  const secure = (name: string): Loaded => {
    const { cert, key } = makeCertificate(tempDir(), name);
    return load({ text: `api: { tls: { cert: ${cert}, key: ${key} } }`, flags });
  };

  it("take a restart to begin or end speaking https, and say so each time", () => {
    const [plain, https] = [load({ flags }), secure("one")];
    const begun = { changed: { "api.tls": "https" }, restart: ["api.tls"] };
    const still = { changed: {}, restart: ["api.tls"] };
    const back = { changed: { "api.tls": "" } };

    expect(saidOf(plain, https, https, plain)).toEqual([begun, still, back]);
    expect(saidOf(https, plain)).toEqual([{ ...back, restart: ["api.tls"] }]);
  });

  it("take another certificate over at once", () => {
    expect(saidOf(secure("one"), secure("two"))).toEqual([{ changed: { "api.tls": "https" } }]);
  });
});
