import type { Outgoing } from "./ask.js";
import type { Attack } from "./sockets.js";

const SHOWN_BYTES = 8_192;

/** A request as a line for a shell, to send it once more. */
export function curlOf(url: string, { method, target, headers, body }: Outgoing): string {
  const given = Object.entries(headers).map(([name, value]) =>
    // Curl leaves a header without a value out, unless it ends so.
    quote(value === "" ? `${name};` : `${name}: ${value}`),
  );
  const words = [
    "curl",
    "-i",
    "--path-as-is",
    "-X",
    method,
    ...given.flatMap((one) => ["-H", one]),
  ];
  const to = quote(url + target);
  if (body === undefined) return [...words, to].join(" ");
  return `${echo(body)} | ${[...words, "--data-binary", "@-", to].join(" ")}`;
}

/** The same for bytes on a bare socket. */
export function netcatOf(url: string, { bytes }: Attack): string {
  const { hostname, port } = new URL(url);
  return `${echo(bytes)} | nc -N ${hostname} ${port}`;
}

function echo(bytes: Buffer): string {
  const text = bytes.toString("latin1");
  if (bytes.length > SHOWN_BYTES) {
    return `{ echo ${quote(text.slice(0, 200))}; } # the first of ${String(bytes.length)} bytes`;
  }
  return /^[\u0020-\u007e]*$/.test(text)
    ? `printf %s ${quote(text)}`
    : `base64 -d <<< ${bytes.toString("base64")}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
