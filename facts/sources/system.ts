import { arch, platform, release } from "node:os";
import { known, type Source } from "../source.js";

/** What Node was built for and runs on. */
export function systemSource(): Source {
  return {
    names: ["arch", "os", "kernel", "node_version"],
    read: () => ({
      arch: known(arch()),
      os: known(platform()),
      kernel: known(release()),
      node_version: known(process.versions.node),
    }),
  };
}
