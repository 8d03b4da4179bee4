import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { TestRunner } from "vitest";
import { missingServers } from "../../scripts/stages/servers.mjs";

export interface Certificate {
  /** File of the certificate, which signs itself: its own authority. */
  readonly cert: string;
  /** File of its private key. */
  readonly key: string;
}

/** A certificate for a server at 127.0.0.1, its files in `dir`. */
export function makeCertificate(dir: string, name: string): Certificate {
  if (missingServers().includes("openssl")) {
    TestRunner.getCurrentTest()?.context.skip("openssl is not on PATH");
  }
  const [cert, key] = [join(dir, `${name}.crt`), join(dir, `${name}.key`)];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", key, "-out", cert, "-days", "1"];
  execFileSync("openssl", ["req", "-x509", ...curve, ...subject, ...files], { stdio: "pipe" });
  return { cert, key };
}
