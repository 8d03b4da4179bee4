import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEFAULT_PORT } from "../../common/port.js";

const DOCS = join(import.meta.dirname, "../../docs");

describe("the default port", () => {
  it.each(["configuration.md", "commands.md"])("is the one that docs/%s names", (page) => {
    expect(readFileSync(join(DOCS, page), "utf8")).toContain(`\`127.0.0.1:${DEFAULT_PORT}\``);
  });

  it("needs no privilege, and is none that systems hand out to whoever asks for any", () => {
    expect(DEFAULT_PORT).toBeGreaterThanOrEqual(1024);
    // Linux hands out ports from here on: net.ipv4.ip_local_port_range.
    expect(DEFAULT_PORT).toBeLessThan(32_768);
  });
});
