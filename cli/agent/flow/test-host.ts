import { createJiti } from "jiti";
import * as sdk from "../../../sdk/index.js";
import * as testing from "../../../sdk/testing/index.js";

/*
 * Where tests of flows run: `node test-host.js FILE...`. Node's runner prints what the tests of
 * this process come to, and makes its exit code.
 */

const jiti = createJiti(import.meta.url, {
  // Not jiti's own default, a folder below /tmp that anybody may have prepared.
  fsCache: false,
  interopDefault: true,
  // What they import is this very installation, wherever the files are.
  virtualModules: { jobrunner: sdk, "jobrunner/testing": testing },
});

for (const file of process.argv.slice(2)) await jiti.import(file);
