import { ABLE, builtin, notAble } from "../define.js";

/** What people call systems that Node names otherwise. */
const NAMES: Readonly<Record<string, string>> = { macos: "darwin", windows: "win32" };

/** The operating system. Android is a system of its own, not a Linux. */
export const osIs = builtin({
  name: "os_is",
  summary: "The operating system: linux, android, macos, windows, freebsd.",
  takes: ["system"],
  needs: ["os"],
  cacheMs: Infinity,
  check([wanted], { os }) {
    const system = wanted.toLowerCase();
    return (NAMES[system] ?? system) === os ? ABLE : notAble(`the system is ${os}`, wanted);
  },
});
