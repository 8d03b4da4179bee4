import pino, { type Logger } from "pino";

/** One JSON line an event; on a terminal a line for people, without loading that part elsewhere. */
export async function createLog(terminal: boolean, level: string): Promise<Logger> {
  if (!terminal) return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
  const { default: pretty } = await import("pino-pretty");
  const stream = pretty({
    sync: true,
    ignore: "pid,hostname",
    translateTime: "SYS:HH:MM:ss.l",
    singleLine: true,
    colorize: process.env["NO_COLOR"] === undefined || process.env["NO_COLOR"] === "",
  });
  return pino({ level, base: null }, stream);
}
