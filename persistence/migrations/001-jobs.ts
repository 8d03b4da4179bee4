import type { Knex } from "knex";
import { WORD_LENGTH_MAX } from "../words.js";
import { createTable } from "./tables.js";

export const NAME = "001-jobs";

/**
 * Jobs, their journals, their owners. Ids are UUIDv7 and in order of time, so every list is paged
 * by id. Texts and parameters are apart from `jobs`, whose rows are rewritten at every turn. What
 * is JSON is stored as text: MySQL's own type would write it anew, in another order of keys, and an
 * entry that is sent again must be found to be the same.
 */
export async function up(knex: Knex): Promise<void> {
  await createTable(knex, NAME, "jobs", (table) => {
    table.string("id", 64).notNullable().primary();
    // The last 12 characters, reversed: people type the end of an id, an index knows beginnings.
    table.string("id_tail", 12).notNullable();
    table.string("flow", 255).notNullable();
    table.integer("version").notNullable();
    table.text("signature", "mediumtext").notNullable();
    table.string("flow_hash", 128).notNullable();
    table.string("name", 255).notNullable();
    table.integer("priority").notNullable();
    table.bigInteger("run_at");
    table.string("posted_via", 255).notNullable();
    table.bigInteger("posted_at").notNullable();
    table.string("state", 16).notNullable();
    table.bigInteger("token").notNullable().defaultTo(0);
    table.string("owner", 255);
    table.string("agent", 255);
    table.string("request", 24);
    table.text("reason", "mediumtext");
    table.bigInteger("resumed_at_token");
    table.bigInteger("ended_at");
    // For retention: what its texts take, and from its end on its journal as well.
    table.bigInteger("bytes").notNullable().defaultTo(0);
    table.index(["state", "id"], "jobs_by_state");
    table.index(["flow", "state", "id"], "jobs_by_flow");
    table.index(["agent", "state", "id"], "jobs_by_agent");
    table.index(["flow", "agent", "state", "id"], "jobs_by_flow_and_agent");
    table.index(["id_tail"], "jobs_by_tail");
    table.index(["ended_at", "bytes"], "jobs_by_end");
  });
  await createTable(knex, NAME, "job_texts", (table) => {
    table.string("job", 64).notNullable().primary();
    table.text("spec", "longtext").notNullable();
    table.text("params", "longtext").notNullable();
  });
  // Words of its name and its flow: people look for jobs by these.
  await createTable(knex, NAME, "job_words", (table) => {
    table.string("job", 64).notNullable();
    table.string("word", WORD_LENGTH_MAX).notNullable();
    table.primary(["job", "word"]);
    table.index(["word", "job"], "job_words_by_word");
  });
  await createJournals(knex);
  await createCluster(knex);
}

async function createJournals(knex: Knex): Promise<void> {
  await createTable(knex, NAME, "entries", (table) => {
    table.string("job", 64).notNullable();
    table.integer("seq").notNullable();
    table.bigInteger("token").notNullable();
    table.string("owner", 255).notNullable();
    table.bigInteger("at").notNullable();
    table.text("body", "longtext").notNullable();
    // Of the body: a sum of these reads no body, and a journal may have a gigabyte of them.
    table.integer("bytes").notNullable().defaultTo(0);
    table.primary(["job", "seq"]);
  });
  await createTable(knex, NAME, "ownerships", (table) => {
    table.string("job", 64).notNullable();
    table.bigInteger("token").notNullable();
    table.string("owner", 255).notNullable();
    table.string("agent", 255).notNullable();
    table.string("machine", 255).notNullable();
    table.bigInteger("at").notNullable();
    table.integer("first_seq").notNullable();
    table.string("ended", 24);
    table.bigInteger("ended_at");
    table.primary(["job", "token"]);
  });
}

async function createCluster(knex: Knex): Promise<void> {
  await createTable(knex, NAME, "post_keys", (table) => {
    // Bytes, as MySQL takes "k" and "k " for the same text.
    table.binary("key", 1_020).notNullable().primary();
    table.string("job", 64).notNullable();
    table.string("body_hash", 128).notNullable();
    table.bigInteger("at").notNullable();
    table.bigInteger("removed_at"); // When its job was removed by retention.
    table.index(["job"], "post_keys_by_job");
    table.index(["removed_at"], "post_keys_by_removal");
  });
  await createTable(knex, NAME, "cluster", (table) => {
    table.integer("id").notNullable().primary(); // Always 1: one row.
    table.string("board_id", 64);
    table.bigInteger("purged_at"); // Of the last purge, about (P-36).
  });
  await knex("cluster").insert({ id: 1 });
}
