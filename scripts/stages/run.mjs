import { spawn } from "node:child_process";
import { ROOT } from "./setup.mjs";

const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Runs one stage with its output kept back.
 * @param {{name: string, command: string[], limitMs: number}} stage
 * @returns {Promise<{ok: boolean, output: string, ms: number}>}
 */
export function runStage({ command: [program = "", ...args], limitMs }) {
  const began = performance.now();
  return new Promise((resolve) => {
    // A group of its own: at the time limit everything the stage started ends with it.
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const parts = [];
    let size = 0;
    const keep = (part) => {
      size += part.length;
      if (size <= OUTPUT_BYTES_MAX) parts.push(part);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    let note = "";
    const timer = setTimeout(() => {
      note = `\nstopped: it took longer than ${String(limitMs / 1000)} s\n`;
      endGroup(child.pid, "SIGKILL");
    }, limitMs);
    const forward = passSignals(child);
    const finish = (ok, more) => {
      clearTimeout(timer);
      forward.stop();
      const output = Buffer.concat(parts).toString() + note + more;
      resolve({ ok, output, ms: performance.now() - began });
    };
    child.once("error", (error) => finish(false, `${error.message}\n`));
    child.once("close", (code) => finish(code === 0, ""));
  });
}

/** Ctrl-C and SIGTERM end the stage too, which a group of its own would not notice. */
function passSignals(child) {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const pass = (signal) => {
    endGroup(child.pid, "SIGTERM");
    child.once("close", () => process.exit(signal === "SIGINT" ? 130 : 143));
    setTimeout(() => endGroup(child.pid, "SIGKILL"), 5_000).unref();
  };
  for (const signal of signals) process.on(signal, pass);
  return {
    stop: () => {
      for (const signal of signals) process.off(signal, pass);
    },
  };
}

function endGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing of it is left.
  }
}
