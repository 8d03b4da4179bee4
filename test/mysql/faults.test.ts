import { expect, it } from "vitest";
import { toDatabaseError } from "../../mysql/faults.js";

/** As the driver hands it out. */
function fromServer(errno: number): Error {
  return Object.assign(new Error("as the server says"), { errno, code: "ER_SOMETHING" });
}

/** What goes by, or is the server's matter: no job is to blame, and its append is sent again. */
const PASSING = [
  ...[1020, 1021, 1026, 1030, 1040, 1041, 1044, 1045, 1047, 1049, 1053, 1077, 1114, 1129, 1130],
  ...[1135, 1142, 1143, 1158, 1159, 1160, 1161, 1180, 1203, 1205, 1213, 1226, 1227, 1290, 1317],
  ...[1698, 1792, 1836, 1927, 1969, 3024, 3168, 4031],
];

it.each(PASSING)("takes the server's error %i for an outage", (errno) => {
  expect(toDatabaseError(fromServer(errno), "jobs on db:3306")).toMatchObject({
    code: "PERSISTENCE_DOWN",
    message: expect.stringContaining("jobs on db:3306") as string,
    hint: expect.stringMatching(/\w/) as string,
  });
});

it.each([
  [1153, "TOO_LARGE"],
  [1062, "INTERNAL"],
  [1064, "INTERNAL"],
  [1146, "INTERNAL"],
])("does not take the server's error %i for one, but for %s", (errno, code) => {
  expect(toDatabaseError(fromServer(errno), "jobs on db:3306")).toMatchObject({ code });
});
