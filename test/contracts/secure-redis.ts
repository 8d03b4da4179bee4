import { freePort } from "../../scripts/lab/ports.js";
import { makeCertificate } from "../support/certificate.js";
import { startRedis } from "../support/own-servers.js";

export interface SecureRedis extends AsyncDisposable {
  /** Without TLS, for the test itself. */
  readonly plainUrl: string;
  readonly host: string;
  readonly tlsPort: number;
  /** The certificate that signs the server's. */
  readonly ca: string;
  /** One that does not. */
  readonly otherCa: string;
}

/** A Redis with its data in `dir` that also speaks TLS, with a certificate made for it. */
export async function startSecureRedis(dir: string): Promise<SecureRedis> {
  const [server, other] = [makeCertificate(dir, "server"), makeCertificate(dir, "other")];
  const tlsPort = await freePort();
  const files = ["--tls-cert-file", server.cert, "--tls-key-file", server.key];
  const { url, server: redis } = await startRedis(dir, {
    args: [
      ...["--tls-port", String(tlsPort), ...files],
      ...["--tls-ca-cert-file", server.cert, "--tls-auth-clients", "no"],
    ],
  });
  return {
    ...{ plainUrl: url, host: "127.0.0.1", tlsPort, ca: server.cert, otherCa: other.cert },
    [Symbol.asyncDispose]: () => redis.kill(),
  };
}
