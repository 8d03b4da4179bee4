import { createReadStream } from "node:fs";
import { JobrunnerError } from "../../../common/error.js";
import { PARAMS_BYTES_MAX } from "../../../common/job.js";
import type { Json, Store } from "../../../common/json.js";

/** Spaces and comments are not sent: more may be read than an agent takes, bytes. */
const FILE_BYTES_MAX = 1024 * 1024;

/** Parameters of a file, `-` for stdin: an object in JSON or YAML. Throws USAGE. */
export async function readParameterFile(file: string): Promise<Store> {
  const name = file === "-" ? "stdin" : file;
  if (file === "-" && process.stdin.isTTY === true) process.stderr.write(READS_HERE);
  const text = await readAll(file, name);
  const { parseDocument } = await import("yaml"); // JSON is YAML.
  const document = parseDocument(text);
  const [mistake] = document.errors;
  if (mistake !== undefined) {
    const [what = ""] = mistake.message.split("\n");
    throw wrong(`${name} cannot be read: ${what.replace(/:$/, "")}`);
  }
  const value = toJson(document, name);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong(`${name} holds no object of parameters`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes <= PARAMS_BYTES_MAX) return value as Store;
  throw wrong(`${name} holds ${bytes} bytes, and agents take ${PARAMS_BYTES_MAX} at most`);
}

const READS_HERE = "the parameters are read from here, as JSON or YAML, until Ctrl-D\n";

async function readAll(file: string, name: string): Promise<string> {
  const stream: AsyncIterable<Buffer> = file === "-" ? process.stdin : createReadStream(file);
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of stream) {
      bytes += part.length;
      if (bytes > FILE_BYTES_MAX) break;
      parts.push(part);
    }
  } catch (error) {
    throw wrong(`${name} cannot be read: ${reasonOf(error)}`);
  }
  if (bytes <= FILE_BYTES_MAX) return Buffer.concat(parts).toString("utf8");
  throw wrong(`${name} is larger than ${FILE_BYTES_MAX} bytes, and no agent takes so much`);
}

/** As it will be sent: what JSON has no word for, such as .nan, is refused and not changed. */
function toJson(document: { toJS(): unknown }, name: string): Json {
  try {
    const value = document.toJS();
    const text = JSON.stringify(value, (_key, each: unknown) => {
      if (typeof each !== "number" || Number.isFinite(each)) return each;
      throw new TypeError(`${each} is no number in JSON`);
    });
    return JSON.parse(text ?? "null") as Json;
  } catch (error) {
    throw wrong(`${name} cannot be read: ${reasonOf(error)}`);
  }
}

function wrong(what: string): JobrunnerError {
  return new JobrunnerError("USAGE", `--from-file: ${what}`, {
    hint: 'Write it as JSON or YAML: { "port": 8080 }, or port: 8080.',
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
