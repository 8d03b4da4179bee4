/*
 * Everything bad that jobrunner must expect from outside, what it answers, and the test that sends
 * it. `proof` is a file and words of the test, or of the row of its table.
 */

export interface BadInput {
  readonly input: string;
  /** A status of the HTTP API, an exit code of the command line, or words. */
  readonly answer: string;
  readonly proof: readonly [file: string, words: string];
}

const BODY = "test/http/bad-input.integration.test.ts";
const JOBS = "test/http/jobs.integration.test.ts";
const SERVER = "test/http/server.integration.test.ts";
const ACCESS = "test/http/access.integration.test.ts";
const CONFIG = "test/config/mistakes.test.ts";
const PLUGINS = "test/runner/plugins.test.ts";
const STORED = "test/bad-inputs/stored.integration.test.ts";

function row(input: string, answer: string, file: string, words: string): BadInput {
  return { input, answer, proof: [file, words] };
}

export const BAD_INPUTS: readonly BadInput[] = [
  row("a body that is not JSON", "400", BODY, "a body that is not JSON"),
  row("an empty body", "400", BODY, "an empty body"),
  row("a body that is an array, null or a number", "400", BODY, '["null", "null", 400'),
  row("no flow", "400 naming the field", BODY, "a body without a flow"),
  row("a flow that is a number", "400 by its type", BODY, "a flow that is a number"),
  row("an unknown field", "400 naming it", BODY, "/zz is not known"),
  row("a flow ../x", "400", BODY, "a flow that is a path"),
  row("NUL, line breaks, escapes in a name", "400", BODY, "a name with a control character"),
  row("a flow of 65 characters", "400", BODY, "a flow of 65 characters"),
  row("an unknown flow", "422, what was meant", JOBS, "answers 422 for an unknown flow"),
  row("__proto__ as a key", "400", BODY, "__proto__ further down"),
  row("constructor.prototype", "400", BODY, "constructor.prototype"),
  row("a body of 1.1 MB", "413", BODY, "a body of 1.1 MB"),
  row("parameters of 300 KB", "413 with the limit", JOBS, "parameters over 256 KiB"),
  row("JSON nested 100,000 deep", "400", BODY, "JSON nested 100,000 deep"),
  row("100,000 keys", "400 from 10,000 on", BODY, "20,000 keys"),
  row("a key twice", "the last one counts", BODY, "the last of two equal keys"),
  row("a whole number above 2^53", "400, never rounded", BODY, "a whole number above 2^53"),
  row("NaN, Infinity", "400", BODY, '["Infinity", params('),
  row("half a character, bytes that are not UTF-8", "400", BODY, "bytes that are not UTF-8"),
  row("text/plain", "415", BODY, "a text/plain body"),
  row("a form", "415", BODY, '["a form", '),
  row("a compressed body", "415", BODY, "a compressed body"),
  row("PUT on the list of jobs", "405 with Allow", BODY, "PUT on the list"),
  row("a broken escape in the path", "400", BODY, "a broken escape"),
  row("an id ../../etc", "400", BODY, "an id that is a path"),
  row("an id of 300 characters", "414", BODY, "an id of 300 characters"),
  row("a URL of 20 KB", "431", BODY, "a URL of 20 KB"),
  row("Content-Length and Transfer-Encoding", "400", BODY, '"both lengths"'),
  row("no Host", "400", BODY, '"no Host"'),
  row("TLS on the plain port", "400", BODY, '["TLS", Buffer'),
  row("a body that never comes", "408", SERVER, "are told 408 when"),
  row(
    "one connection above the limit",
    "the last is refused",
    SERVER,
    "refuses the connection above the limit",
  ),
  row("no token, a wrong or an old one", "401, always the same", ACCESS, "are refused alike"),
  row("a token of scope read that posts", "403", ACCESS, "are good for their scope"),
  row("a foreign Host", "421", BODY, "a foreign Host with our port"),
  row("limit=-1, 1e9, abc", "400", BODY, "limit=1e9"),
  row("a key again, with another body", "422", JOBS, "answers 422 when the key belongs"),
  row("a post while the board is down", "201, durable", SERVER, "stores the job, answers 201"),
  row("an unknown command", "exit 2", "test/e2e/commands.test.ts", "refuses unknown commands"),
  row(
    "a flag that wants a number",
    "exit 2",
    "test/e2e/commands.test.ts",
    '"many" is not a number',
  ),
  row(
    "--via an unknown agent",
    "exit 3",
    "test/cli/pipes.process.test.ts",
    "is unknown ends with 3",
  ),
  row("stdout is closed", "exit 0", "test/cli/pipes.process.test.ts", "when its reader goes away"),
  row("a file of settings that is not there", "exit 2", CONFIG, "are files that are not there"),
  row("settings that are not YAML", "exit 2, line, column", CONFIG, "of YAML itself"),
  row("unknown settings, wrong types", "exit 2, the key", CONFIG, "are told all at once"),
  row("a password in a wrong setting", "masked", CONFIG, "never show what is secret"),
  row(
    "a lease that Consul does not take",
    "exit 2 with the bound",
    "test/boards/consul.servers.test.ts",
    "session_ttl_min",
  ),
  row("a plugin that throws", "the others load", PLUGINS, "where and why, and loads the others"),
  row(
    "two flows of one name",
    "an error with both files",
    PLUGINS,
    "names both files of two flows",
  ),
  row("a plugin that anybody may write", "left out", PLUGINS, "what anybody may have written"),
  row("junk on the board", "left there, others run", STORED, "entries that nobody can read"),
  row("an atom in an unknown state", "the job is parked", STORED, "a journal that nobody can read"),
  row("a port in use", "exit 2 in one line", SERVER, "says which address is in use"),
];
