import { setTimeout as sleep } from "node:timers/promises";
import { JobrunnerError } from "../../../common/error.js";
import type { CheckedView } from "../../../common/wire/doctor.js";
import type { Config } from "../../../config/config.js";

/** One look at a part of the machine or the cluster; what it throws is a failure of its name. */
export interface Check {
  readonly name: string;
  look(config: Config): Promise<readonly CheckedView[]> | readonly CheckedView[];
}

/** For one look, ms: longer than any server takes to answer or to be given up. */
const LOOK_MS = 15_000;

export async function run({ name, look }: Check, config: Config): Promise<readonly CheckedView[]> {
  const limit = new AbortController();
  const late = async (): Promise<readonly CheckedView[]> => {
    await sleep(LOOK_MS, undefined, { signal: limit.signal });
    return [fail(name, `no answer in ${LOOK_MS / 1000} s`)];
  };
  try {
    return await Promise.race([look(config), late()]);
  } catch (error) {
    return [failure(name, error)];
  } finally {
    limit.abort();
  }
}

export function ok(name: string, detail: string): CheckedView {
  return { name, state: "ok", detail };
}

export function warn(name: string, detail: string, fix?: string): CheckedView {
  return { name, state: "warn", detail, ...(fix === undefined ? {} : { fix }) };
}

export function fail(name: string, detail: string, fix?: string): CheckedView {
  return { name, state: "fail", detail, ...(fix === undefined ? {} : { fix }) };
}

export function failure(name: string, error: unknown): CheckedView {
  const detail = error instanceof Error ? error.message : String(error);
  return fail(name, detail, error instanceof JobrunnerError ? error.hint : undefined);
}
