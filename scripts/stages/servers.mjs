import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";

/*
 * The real servers that tests talk to: Redis, Consul and MariaDB, as ordinary programs on PATH.
 * Which server a test gets is decided in test/support/servers/; here is what can be installed.
 * Only looked for, unless continuous integration or `--install-servers` asks to install them.
 */

/** Debian's package, and the program or the file that shows that it is there. */
const SERVERS = [
  { package: "redis-server", program: "redis-server" },
  { package: "mariadb-server", program: "mariadbd" },
  { package: "consul", program: "consul" },
  // Makes the certificates of servers that speak TLS.
  { package: "openssl", program: "openssl" },
  // Makes machines of namespaces.
  ...(process.platform === "linux" ? [{ package: "iproute2", program: "ip" }, ...sleeping()] : []),
];

/** A system bus of the tests' own, what listens there, and what plays systemd-logind on it. */
function sleeping() {
  const modules = "/usr/lib/python3/dist-packages";
  return [
    { package: "dbus", program: "dbus-daemon" },
    { package: "libglib2.0-bin", program: "gdbus" },
    { package: "systemd", program: "systemd-inhibit" },
    { package: "python3-dbus", file: `${modules}/dbus` },
    { package: "python3-gi", file: `${modules}/gi` },
  ];
}

const SOURCES = "/etc/apt/sources.list.d";
const PREFERENCES = "/etc/apt/preferences.d/jobrunner-consul";
const POLICY = "/usr/sbin/policy-rc.d";

/** Packages of the servers that are not there. */
export function missingServers(path = process.env.PATH ?? "") {
  const folders = [...path.split(delimiter), "/usr/sbin", "/sbin"];
  return SERVERS.filter(({ program, file }) =>
    file === undefined
      ? !folders.some((folder) => existsSync(join(folder, program)))
      : !existsSync(file),
  ).map((server) => server.package);
}

const NEEDED = ["redis-server", "mariadb-server", "consul"];

/** True when one of the servers themselves is among the missing packages. */
export function lacksServer(missing) {
  return missing.some((name) => NEEDED.includes(name));
}

/** What somebody can do whose machine we do not touch. */
export function howToInstall(packages) {
  return [
    `warning: tests that need what is missing are SKIPPED: ${packages.join(", ")} not on PATH`,
    "hint:    on Debian, as root: npm test -- --install-servers",
    "         elsewhere install Redis, MariaDB, Consul and OpenSSL, so that redis-server, mariadbd,",
    "         mariadb-install-db, consul and openssl are on PATH; or have a container engine, or",
    "         give addresses, for the tests that need a server and do not kill it (CONTRIBUTING.md)",
  ].join("\n");
}

/** True when servers may be had without these programs: addresses are given, or an engine is there. */
export function haveOtherServers(env = process.env) {
  const addresses = ["REDIS", "CONSUL", "MYSQL"].map((kind) => `JOBRUNNER_TEST_${kind}_URL`);
  return (
    addresses.every((name) => (env[name] ?? "") !== "") ||
    (env.DOCKER_HOST ?? "") !== "" ||
    existsSync("/var/run/docker.sock")
  );
}

/** The command that installs `packages`, for runStage: this very file. */
export function installServersCommand(packages) {
  return [process.execPath, import.meta.filename, ...packages];
}

function install(packages) {
  // No server may start by itself: each test starts its own, on a port and files of its own.
  const quiet = !existsSync(POLICY);
  if (quiet) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    if (packages.includes("consul")) addConsulSource();
    apt("update");
    apt("install", "--yes", "--no-install-recommends", ...packages);
  } finally {
    if (quiet) rmSync(POLICY);
  }
}

/** Debian has Consul up to bullseye: that suite, for this one package and never by itself. */
function addConsulSource() {
  const source = debianSource();
  writeFileSync(
    join(SOURCES, "jobrunner-consul.sources"),
    `Types: deb\nURIs: ${source.uri}\nSuites: bullseye\nComponents: main\n` +
      (source.key === undefined ? "" : `Signed-By: ${source.key}\n`),
  );
  writeFileSync(
    PREFERENCES,
    "Package: *\nPin: release n=bullseye\nPin-Priority: -1\n\n" +
      "Package: consul\nPin: release n=bullseye\nPin-Priority: 100\n",
  );
}

/** Where this machine gets its own packages from: a mirror, perhaps. */
function debianSource() {
  const texts = readdirSync(SOURCES)
    .filter((name) => name.endsWith(".sources"))
    .map((name) => readFileSync(join(SOURCES, name), "utf8"));
  for (const text of texts) {
    const uri = /^URIs:\s*(\S+\/debian)\/?\s*$/m.exec(text)?.[1];
    if (uri !== undefined) return { uri, key: /^Signed-By:\s*(\/\S+)/m.exec(text)?.[1] };
  }
  const list = "/etc/apt/sources.list";
  const old = existsSync(list) ? readFileSync(list, "utf8") : "";
  const uri = /^deb\s+(?:\[.*?\]\s+)?(https?:\S+\/debian)\/?\s/m.exec(old)?.[1];
  if (uri === undefined) throw new Error(`no Debian source found in ${SOURCES} or ${list}`);
  return { uri, key: undefined };
}

function apt(...args) {
  const options = ["-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status, error } = spawnSync("apt-get", [...options, ...args], { env, stdio: "inherit" });
  if (status === 0) return;
  const why = error?.message ?? `it ended with ${String(status)}`;
  throw new Error(`apt-get ${args.join(" ")} failed: ${why}`);
}

if (process.argv[1] === import.meta.filename) install(process.argv.slice(2));
