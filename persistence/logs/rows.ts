import type { Json } from "../../common/json.js";
import { LOG_PHASES, LOG_STREAMS, type LogLine } from "../../common/log.js";
import { badColumn, type Columns, integer, json, text } from "../columns.js";
import type { LogChunk, LogSize, StoredChunk } from "./port.js";

/** What a row takes beside its body, bytes, with its place in the index. */
const ROW_BYTES = 200;

/** A chunk as it is stored. */
export interface LogRow extends Omit<LogChunk, "lines"> {
  readonly body: string;
  readonly bytes: number;
}

export function toRow({ lines, ...chunk }: LogChunk): LogRow {
  const body = JSON.stringify(lines.map((line) => FIELDS.map((field) => line[field])));
  return { ...chunk, body, bytes: Buffer.byteLength(body) + ROW_BYTES };
}

const FIELDS = ["at", "atom", "phase", "stream", "text"] as const;

export function toChunk(row: Columns): StoredChunk {
  const body = json(row, "body");
  if (!Array.isArray(body)) throw badColumn(row, "body", "a list of lines");
  return {
    job: text(row, "job"),
    seq: integer(row, "seq"),
    token: integer(row, "token"),
    n: integer(row, "n"),
    agent: text(row, "agent"),
    lines: body.map((line) => toLine(line) ?? fail(row)),
  };
}

function toLine(line: Json): LogLine | undefined {
  if (!Array.isArray(line)) return undefined;
  const [at, atom, phase, stream, said] = line;
  const [known, source] = [
    LOG_PHASES.find((each) => each === phase),
    LOG_STREAMS.find((each) => each === stream),
  ];
  if (typeof at !== "number" || typeof atom !== "string" || typeof said !== "string") return;
  if (known === undefined || source === undefined) return undefined;
  return { at, atom, phase: known, stream: source, text: said };
}

function fail(row: Columns): never {
  throw badColumn(row, "body", "a list of lines");
}

export function toSize(row: Columns): LogSize {
  return { seq: integer(row, "seq"), bytes: integer(row, "bytes") };
}
