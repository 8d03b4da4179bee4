import type { Knex } from "knex";
import { JobrunnerError } from "../../common/error.js";
import * as jobs from "./001-jobs.js";
import * as trace from "./002-trace.js";
import * as verbs from "./003-verbs.js";
import * as logs from "./004-logs.js";
import * as schedules from "./005-schedules.js";
import * as flowControl from "./006-flow-control.js";
import * as sweep from "./007-sweep.js";
import * as hooks from "./008-hooks.js";

export { markOf } from "./tables.js";

interface Migration {
  readonly name: string;
  readonly up: (knex: Knex) => Promise<void>;
}

/** All steps of the schema, oldest first. Forward only: a step that was released never changes. */
const MIGRATIONS: readonly Migration[] = [
  { name: jobs.NAME, up: jobs.up },
  { name: trace.NAME, up: trace.up },
  { name: verbs.NAME, up: verbs.up },
  { name: logs.NAME, up: logs.up },
  { name: schedules.NAME, up: schedules.up },
  { name: flowControl.NAME, up: flowControl.up },
  { name: sweep.NAME, up: sweep.up },
  { name: hooks.NAME, up: hooks.up },
];

/** Their names, oldest first. */
export const MIGRATION_NAMES: readonly string[] = MIGRATIONS.map(({ name }) => name);

export const MIGRATIONS_TABLE = "jobrunner_migrations";

/** Compiled modules rather than a folder of files, so that it works from dist as well. */
const source: Knex.MigrationSource<Migration> = {
  getMigrations: () => Promise.resolve([...MIGRATIONS]),
  getMigrationName: (migration) => migration.name,
  getMigration: (migration) =>
    Promise.resolve({
      up: migration.up,
      down: () => Promise.reject(new Error("The schema only goes forward.")),
    }),
};

/**
 * A database that has every step needs no migration and no knex. One in the middle may be missing:
 * steps are written side by side, and a database may have been made before all of them were there.
 */
export function isNewest(applied: readonly string[]): boolean {
  return MIGRATION_NAMES.every((name) => applied.includes(name));
}

/** A step that older versions cannot live with: they would misread what it changed. */
const BREAKING = /^\d+-breaking-/;

/**
 * Refuses a database in which a newer jobrunner took something away. What it added is no hindrance:
 * while a cluster is upgraded, agents of the older version must be able to start again.
 */
export function checkKnown(applied: readonly string[]): void {
  const known = new Set(MIGRATIONS.map(({ name }) => name));
  const newer = applied.find((name) => !known.has(name) && BREAKING.test(name));
  if (newer === undefined) return;
  throw new JobrunnerError(
    "PERSISTENCE_DOWN",
    `The database was made by a newer jobrunner: this one does not know its step ${newer}.`,
    { hint: "Upgrade jobrunner on this machine, or name another database." },
  );
}

export interface MigrateOptions {
  /** False where changes of the schema commit by themselves. */
  readonly transactions: boolean;
}

/**
 * Runs the missing steps. The caller holds a lock that dies with its process; the one that knex
 * writes into a table is freed by force, since a killed migrator leaves it locked.
 */
export async function migrateToNewest(knex: Knex, { transactions }: MigrateOptions): Promise<void> {
  const config = {
    migrationSource: source,
    tableName: MIGRATIONS_TABLE,
    disableMigrationsListValidation: true,
    disableTransactions: !transactions,
  };
  if (!transactions) await knex.migrate.forceFreeMigrationsLock(config);
  await knex.migrate.latest(config);
}
