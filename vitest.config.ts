import { join } from "node:path";
import { defineConfig } from "vitest/config";

const ROOT = import.meta.dirname;

const TIDY = ["test/tidy.test.ts", "test/tidy/**/*.test.ts"];
const PROPERTY = ["test/property/**/*.test.ts", "test/**/*.property.test.ts"];
/** Tests that start processes of ours: slower, and in need of the built package. */
const E2E = ["test/e2e/**/*.test.ts", "test/**/*.process.test.ts"];
/** What exercises the pure core: run with coverage, once, and not among the unit tests again. */
const CORE = ["common", "engine", "sdk", "conformance"].map((name) => `test/${name}/**/*.test.ts`);

/** Tests of several parts together, such as agents behind their API, and what else takes long. */
const INTEGRATION = ["test/**/*.integration.test.ts"];

/** Tests that talk to real servers of other people: Redis, Consul, MariaDB. */
const SERVERS = ["test/**/*.servers.test.ts"];
/** Of these, where agents find each other in the one Consul, or how long owners take is the test. */
const CLUSTER = [
  "test/cluster/**/*.servers.test.ts",
  "test/cli/**/*.servers.test.ts",
  "test/outage/dying-owners.servers.test.ts",
];

/** Kinds of tests, each a project of its own: `vitest run --project unit`. */
export default defineConfig({
  resolve: {
    // What flows and their tests import is this very tree, built or not.
    alias: [
      { find: /^jobrunner$/, replacement: join(ROOT, "sdk/index.ts") },
      { find: /^jobrunner\/testing$/, replacement: join(ROOT, "sdk/testing/index.ts") },
    ],
  },
  test: {
    setupFiles: ["test/support/leaks.ts"],
    teardownTimeout: 5_000,
    expect: { requireAssertions: true },
    projects: [
      {
        extends: true,
        test: { name: "tidy", include: TIDY, testTimeout: 20_000 },
      },
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...TIDY, ...PROPERTY, ...INTEGRATION, ...E2E, ...SERVERS, ...CORE],
          testTimeout: 10_000,
          // Half of the time went into loading the same modules for each of over 100 files again
          // (measured: 94 s with, 64 s without). Nothing of ours keeps state in a module.
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: INTEGRATION,
          testTimeout: 20_000,
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: "engine",
          include: CORE,
          exclude: [...PROPERTY, ...INTEGRATION, ...E2E, ...SERVERS],
          testTimeout: 10_000,
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: "property",
          include: PROPERTY,
          exclude: SERVERS,
          testTimeout: 300_000,
          // Some measure what a step costs: nothing of ours may run beside them.
          fileParallelism: false,
          // With Node's 16 MB young generation 10,000 bodies at once are copied again and again:
          // that measures the garbage collector. The steps themselves cost the same in either.
          execArgv: ["--max-semi-space-size=64"],
        },
      },
      {
        extends: true,
        test: {
          name: "servers",
          include: SERVERS,
          exclude: CLUSTER,
          globalSetup: ["test/support/servers/setup.ts"],
          // Most of them wait, for leases and servers (measured: 500 s one by one, 250 s in twos).
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "cluster",
          include: CLUSTER,
          globalSetup: ["test/support/servers/setup.ts"],
          // Each agent in Consul is one of the cluster, whichever file started it.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: E2E,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Most of them wait, for leases and for programs that start (measured: 550 s one by one).
          maxWorkers: 2,
        },
      },
    ],
    coverage: {
      include: ["common/**", "engine/**"],
      exclude: ["test/**"],
      reporter: [["text", { skipFull: true }]],
      thresholds: { 100: true },
    },
  },
});
