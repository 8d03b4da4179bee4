import { describe, expect, it } from "vitest";
import { describe as toText, parseAddress } from "../../mysql/address.js";

describe("addresses of databases", () => {
  it("are read with everything in them", () => {
    const address = parseAddress("mysql://me%40x:p%2Fw@[::1]:3307/jobs?ssl=true");

    expect(address).toEqual({
      ...{ host: "::1", port: 3307, user: "me@x", password: "p/w", database: "jobs", tls: {} },
    });
    expect(toText(address)).toBe("jobs on ::1:3307");
  });

  it("have a port and no TLS unless they say so", () => {
    expect(parseAddress("mariadb://me@db/jobs")).toMatchObject({ port: 3306, password: "" });
    expect(parseAddress("mariadb://me@db/jobs")).not.toHaveProperty("tls");
  });

  it.each([
    ["mysql://db/jobs", "no user"],
    ["mysql://me:secret@db", "no database"],
    ["mysql://me:secret@db/a/b", "more than one"],
    ["mysql://me:secret@db/jobs?tls=true", '"tls"'],
    ["mysql://me:secret@db/jobs?ssl=yes", "true or false"],
    ["mysql://me:secret@db/jobs?ca=/no/such.pem", "/no/such.pem"],
    ["mysql://me:%zz@db/jobs", "%"],
  ])("%s is refused with a reason, and without the password", (text, reason) => {
    const parse = (): unknown => parseAddress(text);

    expect(parse).toThrow(expect.objectContaining({ code: "USAGE" }) as Error);
    expect(parse).toThrow(reason);
    expect(parse).not.toThrow("secret");
  });
});
