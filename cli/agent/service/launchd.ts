import { dirname, join } from "node:path";
import { deployed } from "../deployed.js";
import type { Place, ServiceManager } from "./service-manager.js";

const LABEL = "jobrunner";

/** A LaunchAgent of this user's, with this machine's paths. */
export function launchd({ home, uid, node, main }: Place): ServiceManager {
  const file = join(home, "Library", "LaunchAgents", `${LABEL}.plist`);
  const log = join(home, "Library", "Logs", "jobrunner.log");
  const domain = `gui/${String(uid)}`;
  const text = deployed("launchd/jobrunner.plist")
    .replace("<string>/usr/bin/env</string>", () => `<string>${escaped(node)}</string>`)
    .replace("<string>jobrunner</string>\n    <string>run", () => {
      return `<string>${escaped(main)}</string>\n    <string>run`;
    })
    .replace("<string>/usr/local/bin:", () => `<string>${escaped(dirname(node))}:/usr/local/bin:`)
    .replaceAll("/tmp/jobrunner.log", () => escaped(log));
  const out = { command: ["launchctl", "bootout", `${domain}/${LABEL}`] } as const;
  return {
    name: "launchd, for this user",
    file,
    install: [
      { what: "write", file, text, mode: 0o644 },
      { what: "run", ...out, onChange: true, mayFail: "it is not loaded" },
      {
        ...{ what: "run", command: ["launchctl", "bootstrap", domain, file] },
        mayFail: "it is loaded already, or jobrunner service status says why not",
      },
    ],
    uninstall: [
      { what: "run", ...out, mayFail: "it is not loaded" },
      { what: "remove", file },
    ],
    status: ["launchctl", "print", `${domain}/${LABEL}`],
    logs: (follow) => ["tail", "-n", "100", ...(follow ? ["-F"] : []), log],
  };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
