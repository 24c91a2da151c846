// What a migration is, and how one is written.
//
// src/store/migrations/NNNN_name.sql, applied in the order of NNNN, each in a transaction of its
// own, never changed once released (its SHA-256 is kept in the database). It is PostgreSQL's SQL;
// for SQLite the words of types are replaced and tables are made STRICT:
//
//   TEXT  BIGINT  DOUBLE PRECISION  BYTEA     ->  TEXT  INT  REAL  BLOB
//
// Use only these four types (booleans and times are BIGINT, ids and JSON are TEXT) and give every
// table an explicit PRIMARY KEY that the program fills. What one database alone needs stands
// between two comment lines and is taken as it is:
//
//   -- @postgres
//   ALTER TABLE connector ENABLE ROW LEVEL SECURITY;
//   -- @end
//
// (or @sqlite). Expand, migrate, contract over two releases: release n runs on schema n and n + 1.
#pragma once

#include "store/database.hpp"

#include <span>
#include <string>
#include <string_view>

namespace fairlead::store {

struct Migration {
  int number = 0;
  std::string_view name;
  std::string_view checksum;  ///< SHA-256 of `sql`, in hex
  std::string_view sql;
};

/// Those of src/store/migrations, by number.
std::span<const Migration> embedded_migrations();

/// As migrate(database), with other migrations, ordered by number. `all` outlives the task.
Task<void> migrate(Database& database, std::span<const Migration> all);

/// `sql` as the database of that kind ("sqlite" or "postgres") reads it.
std::string in_dialect(std::string_view kind, std::string_view sql);

}  // namespace fairlead::store
