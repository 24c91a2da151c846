#include "store/doctor.hpp"

#include <array>
#include <charconv>

namespace fairlead::store {
namespace {

using Version = std::array<int, 3>;

Version parse_version(std::string_view text) {
  Version version{};
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (int& part : version) {
    at = std::from_chars(at, end, part).ptr;
    if (at != end) ++at;  // the dot
  }
  return version;
}

std::vector<Fact> sqlite_facts(Connection& connection) {
  const std::string version = connection.query("SELECT sqlite_version()").at(0).text(0);
  std::vector<Fact> facts{{"sqlite_version", version, ""}};
  if (has_wal_reset_bug(version))
    facts.back().advice =
        "this version has the WAL-reset bug. Fairlead avoids it (one connection writes and "
        "checkpoints); let no other program (Litestream, the sqlite3 shell) open the file while "
        "the server runs, and back up while it is stopped";
  facts.push_back(
      {"sqlite_journal_mode", connection.query("PRAGMA journal_mode").at(0).text(0), ""});
  return facts;
}

std::vector<Fact> postgres_facts(Connection& connection) {
  const Row row = connection
                      .query(
                          "SELECT current_setting('server_version'),"
                          " current_setting('synchronous_commit'),"
                          " current_setting('synchronous_standby_names'),"
                          " coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()),"
                          " false),"
                          " inet_server_addr() IS NULL OR inet_server_addr() <<= '127.0.0.0/8'"
                          " OR inet_server_addr() = '::1'")
                      .at(0);
  const bool encrypted = row.boolean(3), local = row.boolean(4);
  return {{"postgres_version", row.text(0), ""},
          {"postgres_synchronous_commit", row.text(1), ""},
          {"postgres_synchronous_standby_names", row.text(2),
           row.text(2).empty() ? "an acknowledged write survives a crash of this server, but a "
                                 "failover to a standby can lose the last ones: name a synchronous "
                                 "standby if you have one"
                               : ""},
          {"postgres_connection", encrypted ? "encrypted" : "plain",
           encrypted || local ? "" : "use sslmode=verify-full in the database URL"}};
}

}  // namespace

bool has_wal_reset_bug(std::string_view text) {
  const Version version = parse_version(text);
  if (version < Version{3, 7, 0} || version >= Version{3, 51, 3}) return false;
  const bool mended_444 = version[1] == 44 && version[2] >= 6;
  const bool mended_507 = version[1] == 50 && version[2] >= 7;
  return !mended_444 && !mended_507;
}

Task<std::vector<Fact>> facts(Database& database) {
  const auto look = database.kind() == "sqlite" ? &sqlite_facts : &postgres_facts;
  co_return co_await database.read(look);
}

}  // namespace fairlead::store
