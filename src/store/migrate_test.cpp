#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "store/migration.hpp"
#include "store/organizations.hpp"
#include "store/tool_calls.hpp"
#include "support/databases.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <thread>

namespace fairlead::store {
namespace {

TEST(InDialect, TypesAreReplacedAndTablesAreStrictInSqliteOnly) {
  struct Case {
    const char *written, *sqlite, *postgres;
  };
  const Case cases[] = {
      {"CREATE TABLE a (id BIGINT, b bytea, c DOUBLE PRECISION, d TEXT);",
       "CREATE TABLE a (id INT, b BLOB, c REAL, d TEXT) STRICT;", nullptr},
      {"create table if not exists a (x Bigint);create index i on a (x);",
       "create table if not exists a (x INT) STRICT;create index i on a (x);", nullptr},
      {"-- BIGINT; stays\n/* BYTEA; */ CREATE TABLE \"BIGINT\" (t TEXT DEFAULT 'BYTEA;''x');",
       "-- BIGINT; stays\n/* BYTEA; */ CREATE TABLE \"BIGINT\" (t TEXT DEFAULT 'BYTEA;''x') "
       "STRICT;",
       nullptr},
      {"ALTER TABLE a ADD bigint_2 BIGINT;", "ALTER TABLE a ADD bigint_2 INT;", nullptr},
      {"A;\n-- @postgres\nP BIGINT;\n-- @end\nB;\n-- @sqlite \nS BIGINT;\n-- @end\n",
       "A;\nB;\nS BIGINT;\n", "A;\nP BIGINT;\nB;\n"},
      {"", "", nullptr},
      {"'not closed", "'not closed", nullptr},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(in_dialect("sqlite", one.written), one.sqlite);
    EXPECT_EQ(in_dialect("postgres", one.written), one.postgres ? one.postgres : one.written);
  }
}

TEST(InDialect, WrongBlocksAreRefused) {
  for (const char* sql : {"-- @end\n", "-- @mysql\n-- @end\n", "-- @sqlite\nA;\n",
                          "-- @sqlite\n-- @postgres\n-- @end\n-- @end\n"})
    EXPECT_THROW((void)in_dialect("sqlite", sql), Failure) << sql;
}

TEST(EmbeddedMigrations, AreTheFilesInOrder) {
  int before = 0;
  for (const Migration& migration : embedded_migrations()) {
    EXPECT_GT(migration.number, before);
    EXPECT_EQ(migration.checksum, to_hex(bytes_of(sha256(migration.sql)))) << migration.name;
    before = migration.number;
  }
}

using fairlead::testing::DatabaseKind;
using fairlead::testing::DatabasePlace;
using fairlead::testing::every_database;
using fairlead::testing::name_of_database;
using fairlead::testing::PostgresPlace;
using fairlead::testing::SqlitePlace;

constexpr Migration first{1, "ship", "aa",
                          "CREATE TABLE ship (id TEXT PRIMARY KEY, tons BIGINT NOT NULL);"
                          "INSERT INTO ship (id, tons) VALUES ('Ariel', 853);"};
constexpr Migration second{2, "crew", "bb",
                           "CREATE TABLE crew (name TEXT PRIMARY KEY, photo BYTEA);"
                           "CREATE INDEX crew_by_photo ON crew (photo);"};
constexpr Migration third{3, "flag", "cc",
                          "ALTER TABLE ship ADD flag TEXT;\n"
                          "-- @postgres\nCOMMENT ON TABLE ship IS 'sails';\n-- @end\n"
                          "UPDATE ship SET flag = 'red';"};

class Migrating : public ::testing::TestWithParam<DatabaseKind> {
 protected:
  std::string outcome(std::vector<Migration> all) {
    try {
      run_to_end(migrate(*database_, all));
      return "done";
    } catch (const Failure& failure) {
      return failure.what();
    }
  }
  /// "1,2 Ariel" when migrations 1 and 2 are noted and the ship is there.
  std::string state() {
    return run_to_end(database_->read([](Connection& c) {
      std::string text;
      for (const Row& row : c.query("SELECT number FROM schema_migration ORDER BY number"))
        text += (text.empty() ? "" : ",") + std::to_string(row.integer(0));
      return text + " " + c.query("SELECT max(id) FROM ship").at(0).text(0);
    }));
  }

  std::unique_ptr<DatabasePlace> place_ = GetParam().make();
  std::unique_ptr<Database> database_ = place_->open();
};

TEST_P(Migrating, AppliesWhatIsMissingOnce) {
  EXPECT_EQ(outcome({first}), "done");
  EXPECT_EQ(state(), "1 Ariel");
  EXPECT_EQ(outcome({first, second, third}), "done");
  EXPECT_EQ(state(), "1,2,3 Ariel");
  EXPECT_EQ(outcome({first, second, third}), "done");
  const auto flag = run_to_end(database_->read(
      [](Connection& c) { return c.query("SELECT flag FROM ship").at(0).text(0); }));
  EXPECT_EQ(flag, "red");
}

TEST_P(Migrating, OneThatFailsLeavesNothingAndIsTriedAgain) {
  Migration broken = second;
  broken.sql = "CREATE TABLE crew (name TEXT PRIMARY KEY); CREATE TABLE ship (id TEXT);";
  EXPECT_EQ(outcome({first, broken, third}), "the database refused a statement");
  EXPECT_EQ(state(), "1 Ariel");
  EXPECT_EQ(outcome({first, second, third}), "done");
  EXPECT_EQ(state(), "1,2,3 Ariel");
}

TEST_P(Migrating, RefusesWhatItDoesNotKnow) {
  Migration changed = second;
  changed.checksum = "b2";
  const Migration seventh{7, "sails", "gg", "SELECT 1;"};
  struct Case {
    std::vector<Migration> applied, ours;
    const char* answer;
  };
  const Case cases[] = {
      {{first, second, third}, {first, second}, "done"},  // one ahead is fine
      {{first, second, third},
       {first},
       "the database has schema 3, this program knows up to 1; start a newer one"},
      {{first, second},
       {first, changed},
       "migration 0002 crew was applied in another form than this program has"},
      {{first, third},
       {first, second, third},
       "the database has schema 3 without migration 0002 crew"},
      {{first, second, third},
       {first, third, seventh},
       "the database has migration 0002 crew, which this program does not know"},
  };
  for (const Case& one : cases) {
    place_ = GetParam().make();
    database_ = place_->open();
    ASSERT_EQ(outcome(one.applied), "done");
    EXPECT_EQ(outcome(one.ours), one.answer);
  }
}

TEST_P(Migrating, EmbeddedMigrationsApply) { run_to_end(migrate(*database_)); }

INSTANTIATE_TEST_SUITE_P(Drivers, Migrating, ::testing::ValuesIn(every_database()),
                         &name_of_database);

TEST(MigratingPostgres, TwoServersStartingTogetherApplyEachOnce) {
  PostgresPlace place;
  const std::array databases{place.open(), place.open()};
  const std::vector<Migration> all{first, second, third};
  std::array<std::exception_ptr, 2> failures;
  std::array<std::thread, 2> servers;
  for (std::size_t i = 0; i < 2; ++i)
    servers[i] = std::thread([&, i] {
      try {
        run_to_end(migrate(*databases[i], all));
      } catch (...) {
        failures[i] = std::current_exception();
      }
    });
  for (std::thread& server : servers) server.join();
  EXPECT_TRUE(!failures[0] && !failures[1]);
  const auto applied = run_to_end(databases[0]->read([](Connection& c) {
    return c.query("SELECT count(*) FROM schema_migration").at(0).integer(0);
  }));
  EXPECT_EQ(applied, 3);
}

TEST(MigratingSqlite, KeepsTheLogOfCallsInItsNewTable) {
  SqlitePlace place;
  const auto database = place.open();
  const auto before = std::ranges::find(embedded_migrations(), 6, &Migration::number);
  run_to_end(migrate(*database, {embedded_migrations().begin(), before}));
  const Instant then{std::chrono::seconds(5)};
  ToolCallRow call{.organization_id = OrganizationId::random(),
                   .id = tool_call_id(then),
                   .workspace_id = WorkspaceId::random(),
                   .connector_id = ConnectorId::random(),
                   .time = then};
  call.entity = "issues";
  call.error_code = "provider_auth";
  call.record_count = 7;
  call.duration_us = 12;
  run_to_end(database->write([&](Connection& c) {
    insert_organization(c, {call.organization_id, "Org", then});
    insert_tool_calls(c, {&call, 1});
  }));
  run_to_end(migrate(*database));
  const auto kept = run_to_end(
      database->read([&](Connection& c) { return list_tool_calls(c, call.organization_id, {}); }));
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].id, call.id);
  EXPECT_EQ(kept[0].entity, "issues");
  EXPECT_EQ(kept[0].error_code, "provider_auth");
  EXPECT_EQ(kept[0].record_count, 7);
  EXPECT_EQ(kept[0].duration_us, 12);
  const auto table = run_to_end(database->read([](Connection& c) {
    return c.query("SELECT sql FROM sqlite_master WHERE name = 'tool_call'").at(0).text(0);
  }));
  EXPECT_TRUE(table.ends_with("STRICT, WITHOUT ROWID")) << table;
}

TEST(MigratingSqlite, BacksUpWhatIsThereFirst) {
  namespace fs = std::filesystem;
  SqlitePlace place;
  const std::string backup = place.path() + ".before-0002";
  {
    const auto database = place.open();
    run_to_end(migrate(*database, std::array{first}));
    EXPECT_FALSE(fs::exists(place.path() + ".before-0001"));  // there was nothing to lose
    run_to_end(migrate(*database, std::array{first, second, third}));
  }
  EXPECT_EQ(fs::status(backup).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  for (const auto& entry : fs::directory_iterator(fs::path(backup).parent_path()))
    EXPECT_FALSE(entry.path().string().ends_with(".new")) << entry.path();
  const auto before = open_sqlite({.path = backup});
  const auto applied = run_to_end(before->read([](Connection& c) {
    return c.query("SELECT max(number), (SELECT id FROM ship) FROM schema_migration").at(0);
  }));
  EXPECT_EQ(applied.integer(0), 1);
  EXPECT_EQ(applied.text(1), "Ariel");
}

}  // namespace
}  // namespace fairlead::store
