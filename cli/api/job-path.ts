import { JobrunnerError } from "../../common/error.js";

/** Where the API tells of a job. Throws USAGE for what can be no id, before anybody is asked. */
export function jobPath(id: string): string {
  if (/^[0-9a-f-]{4,36}$/i.test(id)) return `/v1/jobs/${id.toLowerCase()}`;
  throw new JobrunnerError("USAGE", `"${id}" is not the id of a job`, {
    hint: "Ids are 36 characters, or at least 4 of their beginning or end: see jobrunner show.",
  });
}
