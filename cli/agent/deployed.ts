import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { JobrunnerError } from "../../common/error.js";

/** A file of deploy/, as the package brings it; what is built lies a folder deeper. */
export function deployed(name: string): string {
  const places = ["../../deploy", "../../../deploy"].map((deploy) =>
    fileURLToPath(new URL(`${deploy}/${name}`, import.meta.url)),
  );
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return readFileSync(found, "utf8");
  throw new JobrunnerError("INTERNAL", `this installation has no deploy/${name}`);
}
