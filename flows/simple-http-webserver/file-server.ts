import { createReadStream, promises as fs, type Stats } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, relative, resolve, sep } from "node:path";

/*
 * A file server for one directory, read-only: `file-server HOST PORT ROOT`; an empty ROOT is a
 * single page. Names that begin with a dot do not exist here: they hold keys and settings. Exits
 * with 0 on SIGTERM.
 */

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".gif": "image/gif",
  ".htm": "text/html; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".md": "text/markdown; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".mp4": "video/mp4",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ts": "text/plain; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webp": "image/webp",
  ".xml": "application/xml",
};

/** Entries shown of one directory. */
const LISTED_MAX = 1_000;

/** An answer that is no file. */
class HttpStatus extends Error {
  readonly status: number;
  readonly location: string | undefined;

  constructor(status: number, message: string, location?: string) {
    super(message);
    this.status = status;
    this.location = location;
  }
}

async function answer(
  root: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const { method = "GET", url = "/" } = request;
  if (method !== "GET" && method !== "HEAD") throw new HttpStatus(405, "Only GET and HEAD");
  const path = toPath(url);
  if (root === undefined) return sendPage(path, { method, response });
  const file = await toFile(root, path);
  const stat = await statOf(file);
  if (!stat.isDirectory()) return sendFile(file, stat, { method, response });
  if (!path.endsWith("/")) throw new HttpStatus(301, "Moved", `${encode(path)}/`);
  const index = join(file, "index.html");
  const indexStat = await fs.stat(index).catch(() => undefined);
  if (indexStat?.isFile() === true && (await isInside(root, index))) {
    return sendFile(index, indexStat, { method, response });
  }
  sendText(response, { status: 200, type: "text/html", text: await listing(file, path), method });
}

/** The decoded path of a URL; never one that climbs. */
function toPath(url: string): string {
  // By hand, not by `new URL`: that one resolves "..", and reads "//host/" as a host.
  const [raw = "/"] = url.split(/[?#]/);
  let path: string;
  try {
    path = decodeURIComponent(raw);
  } catch {
    throw new HttpStatus(400, "The path is not valid");
  }
  const climbs = path.split(/[/\\]/).includes("..");
  if (!path.startsWith("/") || path.includes("\0") || climbs) {
    throw new HttpStatus(400, "The path is not valid");
  }
  return path.replace(/\/{2,}/g, "/");
}

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>simple_http_webserver</title></head>
<body><p>This web server is a job. Post it with --root to serve a directory.</p></body></html>
`;

function sendPage(path: string, { method, response }: Sending): void {
  if (path !== "/") throw new HttpStatus(404, "Not found");
  sendText(response, { status: 200, type: "text/html", text: PAGE, method });
}

/** The file that the path means; links out of the directory count as missing. */
async function toFile(root: string, path: string): Promise<string> {
  if (path.split(/[/\\]/).some(isHidden)) throw new HttpStatus(404, "Not found");
  const file = resolve(root, `.${sep}${path}`);
  if (!(await isInside(root, file))) throw new HttpStatus(404, "Not found");
  return file;
}

function isHidden(name: string): boolean {
  return name.startsWith(".");
}

async function isInside(root: string, file: string): Promise<boolean> {
  const real = await fs.realpath(file).catch(() => undefined);
  if (real === undefined) return false;
  const way = relative(root, real);
  return way === "" || (way.split(sep)[0] !== ".." && !way.startsWith(sep));
}

async function statOf(file: string): Promise<Stats> {
  const stat = await fs.stat(file).catch(() => undefined);
  // Devices and pipes would block for ever.
  if (stat === undefined || !(stat.isFile() || stat.isDirectory())) {
    throw new HttpStatus(404, "Not found");
  }
  return stat;
}

interface Sending {
  readonly method: string;
  readonly response: ServerResponse;
}

async function sendFile(file: string, stat: Stats, { method, response }: Sending): Promise<void> {
  // Opened before the head is written: a file that may not be read must not answer 200.
  const handle = await fs.open(file, "r").catch(() => {
    throw new HttpStatus(403, "May not be read");
  });
  response.writeHead(200, {
    "content-type": TYPES[extname(file).toLowerCase()] ?? "application/octet-stream",
    "content-length": stat.size,
    "last-modified": stat.mtime.toUTCString(),
    "x-content-type-options": "nosniff",
  });
  if (method === "HEAD" || stat.size === 0) {
    await handle.close();
    response.end();
    return;
  }
  // Never more than was announced, should the file grow meanwhile.
  const stream = createReadStream(file, { fd: handle, end: stat.size - 1 });
  stream.on("error", () => response.destroy());
  response.on("close", () => stream.destroy());
  stream.pipe(response);
}

async function listing(directory: string, path: string): Promise<string> {
  const entries = await fs.readdir(directory, { withFileTypes: true }).catch(() => {
    throw new HttpStatus(403, "May not be read");
  });
  const names = entries
    .filter(({ name }) => !isHidden(name))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  const shown = names.sort().slice(0, LISTED_MAX);
  const items = (path === "/" ? shown : ["../", ...shown]).map(
    (name) => `<li><a href="${encode(name)}">${escape(name)}</a></li>`,
  );
  const title = escape(path);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1><ul>
${items.join("\n")}
</ul>${names.length > shown.length ? `<p>and ${names.length - shown.length} more</p>` : ""}
</body></html>
`;
}

interface Text {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly method: string;
  readonly location?: string | undefined;
}

function sendText(response: ServerResponse, { status, type, text, method, location }: Text): void {
  response.writeHead(status, {
    "content-type": `${type}; charset=utf-8`,
    "content-length": Buffer.byteLength(text),
    "x-content-type-options": "nosniff",
    ...(location !== undefined && { location }),
    ...(status === 405 && { allow: "GET, HEAD" }),
  });
  response.end(method === "HEAD" ? undefined : text);
}

/** Link to a name or path; "./" in front, lest "a:b" be read as a scheme. */
function encode(path: string): string {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return path.startsWith("/") || path.startsWith("../") ? encoded : `./${encoded}`;
}

function escape(text: string): string {
  const codes: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot" };
  return text.replace(/[&<>"]/g, (character) => `&${codes[character] ?? ""};`);
}

function refuse(error: unknown, method: string, response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const known = error instanceof HttpStatus;
  const status = known ? error.status : 500;
  const text = `${known ? error.message : "Something went wrong"}\n`;
  const location = known ? error.location : undefined;
  sendText(response, { status, type: "text/plain", text, method, location });
}

async function main(host: string, port: number, directory: string): Promise<void> {
  const root = directory === "" ? undefined : await toRoot(directory);
  const server = createServer((request, response) => {
    answer(root, request, response).catch((error: unknown) => {
      refuse(error, request.method ?? "GET", response);
    });
  });
  server.on("error", (error) => fail(error));
  server.listen(port, host, () => {
    process.stdout.write(`serving ${root ?? "a page"} on ${host}, port ${port}\n`);
  });
  process.on("SIGTERM", () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}

async function toRoot(directory: string): Promise<string> {
  const root = await fs.realpath(directory);
  if (!(await fs.stat(root)).isDirectory()) throw new Error(`${root} is not a directory`);
  return root;
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

const [host = "127.0.0.1", port, root = ""] = process.argv.slice(2);
await main(host, Number(port), root).catch(fail);
