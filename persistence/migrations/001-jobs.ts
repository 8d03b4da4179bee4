import type { Knex } from "knex";

/**
 * Jobs, their journals, their owners. Ids are UUIDv7 and in order of time, so every list is paged
 * by id. Texts and parameters are apart from `jobs`, whose rows are rewritten at every turn.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable("jobs", (table) => {
    table.string("id", 64).notNullable().primary();
    // The last 12 characters, reversed: people type the end of an id, an index knows beginnings.
    table.string("id_tail", 12).notNullable();
    table.string("flow", 255).notNullable();
    table.integer("version").notNullable();
    table.text("signature").notNullable();
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
    table.text("reason");
    table.bigInteger("resumed_at_token");
    table.bigInteger("ended_at");
    table.index(["state", "id"], "jobs_by_state");
    table.index(["flow", "state", "id"], "jobs_by_flow");
    table.index(["agent", "state", "id"], "jobs_by_agent");
    table.index(["id_tail"], "jobs_by_tail");
  });
  await knex.schema.createTable("job_texts", (table) => {
    table.string("job", 64).notNullable().primary();
    table.text("spec", "longtext").notNullable();
    table.text("params", "longtext").notNullable();
  });
  await createJournals(knex);
  await createCluster(knex);
}

async function createJournals(knex: Knex): Promise<void> {
  await knex.schema.createTable("entries", (table) => {
    table.string("job", 64).notNullable();
    table.integer("seq").notNullable();
    table.bigInteger("token").notNullable();
    table.string("owner", 255).notNullable();
    table.bigInteger("at").notNullable();
    table.text("body", "longtext").notNullable();
    table.primary(["job", "seq"]);
  });
  await knex.schema.createTable("ownerships", (table) => {
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
  await knex.schema.createTable("post_keys", (table) => {
    table.string("key", 255).notNullable().primary();
    table.string("job", 64).notNullable();
    table.string("body_hash", 128).notNullable();
    table.bigInteger("at").notNullable();
    table.index(["at"], "post_keys_by_age");
  });
  await knex.schema.createTable("cluster", (table) => {
    table.integer("id").notNullable().primary(); // Always 1: one row.
    table.string("board_id", 64);
  });
  await knex("cluster").insert({ id: 1 });
}
