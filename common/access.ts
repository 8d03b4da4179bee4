import { JobrunnerError } from "./error.js";

/*
 * Who may ask an agent for what. Beside the token that all agents of a cluster share there may be a
 * file of further ones: a line each, of which only the hash can be read.
 *
 *     # id  scope  sha256 of the secret  expires, or - for never
 *     ci    post   2c26b46b68ffc68f...   2027-02-28T00:00:00.000Z
 */

/** What a token is good for; each with all before it. */
export const SCOPES = ["read", "post", "operate", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

export interface AccessToken {
  /** What people call it. */
  readonly id: string;
  readonly scope: Scope;
  /** SHA-256 of the secret, hexadecimal. */
  readonly hash: string;
  /** RFC 3339, UTC; never, when it is left out. */
  readonly expiresAt?: string;
}

/** Tokens of one file: each is compared with every request. */
export const TOKENS_MAX = 1_000;

export const TOKEN_ID = /^[a-z0-9][a-z0-9_.-]{0,63}$/;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/;

export function allows(given: Scope, wanted: Scope): boolean {
  return SCOPES.indexOf(given) >= SCOPES.indexOf(wanted);
}

export function isScope(text: unknown): text is Scope {
  return (SCOPES as readonly unknown[]).includes(text);
}

/** Throws USAGE naming the line that is wrong; never what stands there. */
export function parseTokens(text: string): readonly AccessToken[] {
  const tokens = new Map<string, AccessToken>();
  for (const [index, line] of text.split("\n").entries()) {
    const words = line.trim().split(/\s+/);
    if (words[0] === "" || words[0]?.startsWith("#") === true) continue;
    const token = parseLine(words);
    if (typeof token === "string") throw wrong(index, token);
    if (tokens.has(token.id)) throw wrong(index, `there are two tokens ${token.id}`);
    tokens.set(token.id, token);
  }
  if (tokens.size > TOKENS_MAX) throw new JobrunnerError("TOO_LARGE", TOO_MANY);
  return [...tokens.values()];
}

/** The same tokens as a file's text. */
export function formatTokens(tokens: readonly AccessToken[]): string {
  const lines = tokens.map(({ id, scope, hash, expiresAt }) =>
    [id, scope, hash, expiresAt ?? "-"].join(" "),
  );
  return ["# id scope sha256 expires", ...lines, ""].join("\n");
}

const TOO_MANY = `there are more than ${TOKENS_MAX} tokens`;

/** The token, or what is wrong with the line. */
function parseLine(words: readonly string[]): AccessToken | string {
  const [id = "", scope, hash = "", expires, more] = words;
  if (expires === undefined || more !== undefined) return "wants id, scope, hash and expiry";
  if (!TOKEN_ID.test(id)) return "the id is not a name";
  if (!isScope(scope)) return `the scope is none of ${SCOPES.join(", ")}`;
  if (!/^[0-9a-f]{64}$/.test(hash)) return "the hash is no SHA-256 in hexadecimal";
  if (expires === "-") return { id, scope, hash };
  if (!TIME.test(expires)) return "the expiry is no time such as 2027-01-31T18:00:00Z";
  return { id, scope, hash, expiresAt: expires };
}

function wrong(index: number, what: string): JobrunnerError {
  return new JobrunnerError("USAGE", `line ${index + 1}: ${what}`, {
    hint: "jobrunner token create writes such lines.",
  });
}
