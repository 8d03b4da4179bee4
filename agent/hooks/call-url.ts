import { createHmac } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";

export interface UrlAct {
  readonly url: string;
  /** What requests are signed with. */
  readonly secret?: string;
}

export interface Delivery {
  readonly delivery: string;
  /** JSON. */
  readonly body: string;
}

/**
 * Posts the body. Resolves when it is answered 2xx. Rejects for any other status, also one that
 * names another place: what is signed for one is not for another. What is answered is not read.
 */
export async function callUrl(
  { url, secret }: UrlAct,
  { delivery, body }: Delivery,
  signal: AbortSignal,
): Promise<void> {
  const send = url.startsWith("https:") ? secureRequest : plainRequest;
  const signed = secret === undefined ? {} : { "jobrunner-signature": signatureOf(secret, body) };
  const outgoing = send(url, {
    ...{ method: "POST", agent: false, signal },
    headers: {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "user-agent": "jobrunner",
      "jobrunner-delivery": delivery,
      ...signed,
    },
  });
  outgoing.end(body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  outgoing.on("error", () => undefined); // Of an answer that nobody reads.
  const { statusCode = 0 } = answer;
  answer.destroy();
  if (statusCode < 200 || statusCode > 299) throw new Error(`it answered ${statusCode}`);
}

/** `t=<seconds since 1970>,v1=<HMAC-SHA256 of "<t>.<body>", hexadecimal>`. */
export function signatureOf(secret: string, body: string, now = Date.now()): string {
  const t = Math.floor(now / 1_000);
  return `t=${t},v1=${createHmac("sha256", secret).update(`${t}.${body}`).digest("hex")}`;
}
