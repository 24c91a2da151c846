// Brings a schema forward, one migration and one transaction at a time (docs/security.md, D64).
#include "base/clock.hpp"
#include "base/log.hpp"
#include "store/migration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace fairlead::store {
namespace {

struct Applied {
  std::string name, checksum;
};
using History = std::map<std::int64_t, Applied>;

[[noreturn]] void refuse(std::string message) {
  throw Failure(Error{ErrorKind::conflict, std::move(message)});
}

bool has_tables(Connection& connection, std::string_view kind, std::string_view named) {
  const std::string_view sql =
      kind == "sqlite" ? "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name LIKE $1 LIMIT 1"
                       : "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"
                         " AND tablename LIKE $1 LIMIT 1";
  return !connection.query(sql, {std::string(named)}).empty();
}

History read_history(Connection& connection, std::string_view kind) {
  History history;
  if (!has_tables(connection, kind, "schema_migration")) return history;
  for (const Row& row : connection.query("SELECT number, name, checksum FROM schema_migration"))
    history[row.integer(0)] = {row.text(1), row.text(2)};
  return history;
}

/// Release n runs on schema n and n + 1, and only where what was applied is what it knows.
void check(const History& history, std::span<const Migration> all) {
  const std::int64_t newest_known = all.empty() ? 0 : all.back().number;
  const std::int64_t newest_applied = history.empty() ? 0 : history.rbegin()->first;
  if (newest_applied > newest_known + 1)
    refuse(fmt::format("the database has schema {}, this program knows up to {}; start a newer one",
                       newest_applied, newest_known));
  for (const auto& [number, applied] : history) {
    const auto ours = std::ranges::find(all, number, &Migration::number);
    if (ours == all.end()) {
      if (number == newest_known + 1) continue;
      refuse(fmt::format("the database has migration {:04} {}, which this program does not know",
                         number, applied.name));
    }
    if (ours->checksum != applied.checksum)
      refuse(fmt::format("migration {:04} {} was applied in another form than this program has",
                         number, applied.name));
  }
  for (const Migration& migration : all)
    if (migration.number < newest_applied && !history.contains(migration.number))
      refuse(fmt::format("the database has schema {} without migration {:04} {}", newest_applied,
                         migration.number, migration.name));
}

/// The tables of this file; and only one process at a time comes past here.
void prepare(Connection& connection, std::string_view kind) {
  if (kind == "postgres") {
    // Else the history would be read as it was before the wait for the lock.
    connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
    connection.execute("SET LOCAL lock_timeout = '60s'");
    connection.query("SELECT pg_advisory_xact_lock(4605224419)");  // a number of our own
    connection.execute("SET LOCAL lock_timeout = '3s'");
  }
  if (has_tables(connection, kind, "schema_migration")) return;
  connection.execute_script(
      in_dialect(kind,
                 "CREATE TABLE schema_migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL,"
                 " checksum TEXT NOT NULL, applied_at BIGINT NOT NULL);"
                 "CREATE TABLE write_probe (id BIGINT PRIMARY KEY, written_at BIGINT NOT NULL);"));
}

/// Answers false when another process was first.
bool apply(Connection& connection, std::string_view kind, const Migration& migration) {
  prepare(connection, kind);
  if (read_history(connection, kind).contains(migration.number)) return false;
  connection.execute_script(in_dialect(kind, migration.sql));
  connection.execute(
      "INSERT INTO schema_migration (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
      {std::int64_t{migration.number}, std::string(migration.name), std::string(migration.checksum),
       SystemClock().now().time_since_epoch().count()});
  return true;
}

/// A copy beside the database, should a migration turn out to be a mistake.
Task<void> back_up_before(Database& database, int number) {
  const std::string file = database.file();
  if (file.empty()) co_return;
  const std::string path = fmt::format("{}.before-{:04}", file, number);
  const std::string unfinished = path + ".new";
  std::filesystem::remove(unfinished);  // of an earlier start that was cut short
  co_await database.back_up(unfinished);
  std::filesystem::rename(unfinished, path);
  log::info("store.backed_up", {{"file", path}});
}

}  // namespace

Task<void> migrate(Database& database) { return migrate(database, embedded_migrations()); }

Task<void> migrate(Database& database, std::span<const Migration> all) {
  const std::string_view kind = database.kind();
  struct State {
    bool holds_data;
    bool is_prepared;
    History history;
  };
  const State state = co_await database.read([kind](Connection& connection) {
    return State{has_tables(connection, kind, "%"),
                 has_tables(connection, kind, "schema_migration"), read_history(connection, kind)};
  });
  check(state.history, all);
  if (!state.is_prepared)
    co_await database.write([kind](Connection& connection) { prepare(connection, kind); });
  bool backed_up = !state.holds_data;
  for (const Migration& migration : all) {
    if (state.history.contains(migration.number)) continue;
    if (!backed_up) co_await back_up_before(database, migration.number);
    backed_up = true;
    const bool applied = co_await database.write(
        [kind, &migration](Connection& connection) { return apply(connection, kind, migration); });
    if (applied)
      log::info("store.migrated", {{"number", migration.number}, {"name", migration.name}});
  }
}

}  // namespace fairlead::store
