import { type AccessToken, isScope, type Scope, SCOPES, TOKEN_ID } from "../../common/access.js";
import { JobrunnerError } from "../../common/error.js";
import { formatDuration } from "../../common/text/duration.js";
import { changeTokens, makeSecret, readTokens, tokenFile } from "../api/token-file.js";
import { EXIT } from "../exit.js";
import type { CommonOptions } from "../options.js";
import { printData } from "../print.js";
import type { Style } from "../screen/style.js";
import { renderTable, renderTabs } from "../screen/table.js";
import { createTerminal, type Terminal } from "../terminal.js";

export interface TokenOptions extends CommonOptions {
  readonly file?: string;
}

export interface CreateOptions extends TokenOptions {
  readonly scope: string;
  /** From now, ms. */
  readonly expires?: number;
}

/** `jobrunner token create`: the secret is printed once, and kept nowhere. */
export async function createToken(id: string, options: CreateOptions): Promise<number> {
  const terminal = createTerminal(options);
  const scope = toScope(options.scope);
  if (!TOKEN_ID.test(id)) {
    throw new JobrunnerError("USAGE", `"${id}" is not a name for a token`, {
      hint: "a-z, 0-9, dots, _ and -, at most 64, such as ci or nas-1.",
    });
  }
  const { secret, hash } = makeSecret();
  const expires = options.expires;
  const token = { id, scope, hash, ...(expires && { expiresAt: timeIn(expires) }) };
  const file = fileOf(options);
  await changeTokens(file, (tokens) => {
    if (tokens.every((each) => each.id !== id)) return [...tokens, token];
    throw new JobrunnerError("CONFLICT", `there is a token ${id} already`, {
      hint: `jobrunner token revoke ${id} ends it; or choose another name.`,
    });
  });
  const data = { view: { id, scope, secret }, names: [secret], table: () => secret };
  await printData(terminal, options.output, data);
  const until = expires === undefined ? "" : `, for ${formatDuration(expires)}`;
  terminal.say(`token ${id} is good for ${scope}${until}; it is not shown again`);
  sayReload(terminal, file);
  return EXIT.ok;
}

/** `jobrunner token list`: names, scopes and expiries; nobody can tell the secrets. */
export async function listTokens(options: TokenOptions): Promise<number> {
  const terminal = createTerminal(options);
  const tokens = (await readTokens(fileOf(options))).map(toView);
  await printData(terminal, options.output, {
    view: tokens,
    items: tokens,
    names: tokens.map(({ id }) => id),
    table: (style) => toTable(style, tokens),
  });
  return EXIT.ok;
}

/** `jobrunner token revoke`. */
export async function revokeToken(id: string, options: TokenOptions): Promise<number> {
  const terminal = createTerminal(options);
  const file = fileOf(options);
  await changeTokens(file, (tokens) => {
    if (tokens.some((each) => each.id === id)) return tokens.filter((each) => each.id !== id);
    throw new JobrunnerError("NOT_FOUND", `there is no token ${id} in ${file}`, {
      hint: "jobrunner token list names them.",
    });
  });
  terminal.say(`token ${id} is revoked`);
  sayReload(terminal, file);
  return EXIT.ok;
}

interface TokenLine {
  readonly id: string;
  readonly scope: Scope;
  readonly expiresAt?: string;
  readonly expired: boolean;
}

function toView({ id, scope, expiresAt }: AccessToken): TokenLine {
  if (expiresAt === undefined) return { id, scope, expired: false };
  return { id, scope, expiresAt, expired: !(Date.parse(expiresAt) > Date.now()) };
}

function toTable(style: Style, tokens: readonly TokenLine[]): string {
  const rows = tokens.map(({ id, scope, expiresAt, expired }) =>
    [id, scope, expiresAt ?? "never", expired ? "expired" : "valid"].map((text) => ({ text })),
  );
  if (!style.tty) return renderTabs(rows);
  const columns = ["TOKEN", "SCOPE", "EXPIRES", "STATE"].map((title) => ({ title }));
  return renderTable(style, columns, rows);
}

function timeIn(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

function toScope(text: string): Scope {
  if (isScope(text)) return text;
  throw new JobrunnerError("USAGE", `--scope: "${text}" is none of ${SCOPES.join(", ")}`);
}

function fileOf({ file }: TokenOptions): string {
  return file ?? tokenFile(process.env);
}

function sayReload(terminal: Terminal, file: string): void {
  terminal.say(`agents whose api.tokens is { file: ${file} } take it over at SIGHUP`);
}
