import { describe, expect, it } from "vitest";
import { BUILTIN_CAPABILITIES } from "../../capabilities/builtin/all.js";
import { parseClause } from "../../capabilities/parse.js";
import { formatClause } from "../../common/job.js";
import type { Json } from "../../common/json.js";

const parse = (text: string) => parseClause(text, BUILTIN_CAPABILITIES);

describe("a capability as people write it", () => {
  it.each<[string, string, readonly Json[]]>([
    ["is_x86_64", "is_x86_64", []],
    [" is_x86_64() ", "is_x86_64", []],
    ["port_is_free(8080)", "port_is_free", [8080]],
    ["memory_free(2GB)", "memory_free", ["2GB"]],
    ["memory_free(1.5 GiB)", "memory_free", ["1.5 GiB"]],
    ["disk_free(/var, 10GB)", "disk_free", ["/var", "10GB"]],
    ['disk_free("/a, b", 10)', "disk_free", ["/a, b", 10]],
    ["has_tag(room=study)", "has_tag", ["room=study"]],
    ["node_version(>=20.19 <23)", "node_version", [">=20.19 <23"]],
    ["node_version(20.10)", "node_version", ["20.10"]],
    ["node_version(20)", "node_version", [20]],
  ])("%s is read, and read again as it is printed", async (text, name, args) => {
    const clause = await parse(text);

    expect(clause).toEqual({ name, args });
    if (!text.includes('"')) expect(await parse(formatClause(clause))).toEqual(clause);
  });

  it.each([
    ["", "is not a capability"],
    ["a b", "is not a capability"],
    ["memory_free(2GB", "is not a capability"],
    ["memory_fre(2GB)", 'there is no capability "memory_fre"'],
    ["memory_free", "memory_free: wants (bytes), got []"],
    ["memory_free(lots)", "memory_free(lots): wants bytes"],
    ["disk_free(10GB)", "disk_free(10GB): wants (path, bytes)"],
  ])("%j is refused", async (text, message) => {
    await expect(parse(text)).rejects.toMatchObject({
      code: "BAD_PARAMETERS",
      message: expect.stringContaining(message),
      hint: expect.any(String),
    });
  });

  it("is refused with the name that was meant, or all there are", async () => {
    await expect(parse("memory_fre(2GB)")).rejects.toMatchObject({
      hint: "Did you mean memory_free?",
    });
    await expect(parse("quantum")).rejects.toMatchObject({
      hint: expect.stringContaining("is_x86_64, is_arm64, os_is"),
    });
  });
});
