#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "store/migration.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>

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

}  // namespace
}  // namespace fairlead::store
