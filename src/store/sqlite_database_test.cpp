// What only SQLite promises: files, locks, the log, crashes, a full disk.
#include "store/database.hpp"
#include "store/database_file.hpp"
#include "store/doctor.hpp"
#include "store/migration.hpp"
#include "support/eventually.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/detached.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {
std::atomic<bool> disk_is_full = false;
std::atomic<bool> syncing_fails = false;

ssize_t write_to_a_full_disk(int file, const void* bytes, std::size_t size, off_t offset) {
  if (!disk_is_full) return pwrite(file, bytes, size, offset);
  errno = ENOSPC;
  return -1;
}
}  // namespace

/// SQLite's library finds this one before the C library's.
extern "C" int fdatasync(int file) {
  if (!syncing_fails) return static_cast<int>(syscall(SYS_fdatasync, file));
  errno = EIO;
  return -1;
}

namespace fairlead::store {
namespace {

using namespace std::chrono_literals;
using fairlead::testing::eventually;
namespace fs = std::filesystem;

std::string content_of(const std::string& path) {
  return (std::ostringstream() << std::ifstream(path).rdbuf()).str();
}

class SqliteDatabaseTest : public ::testing::Test {
 protected:
  void open(SqliteOptions options = {}) {
    options.path = path_;
    database_ = open_sqlite(options);
  }
  /// Opens, and makes a table to write to.
  void open_with_table(SqliteOptions options = {}) {
    open(options);
    execute("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, text TEXT) STRICT");
  }
  std::int64_t execute(std::string sql, std::vector<Value> arguments = {}) {
    return run_to_end(database_->write([&](Connection& c) { return c.execute(sql, arguments); }));
  }
  std::int64_t number(std::string sql) {
    return run_to_end(
        database_->read([&](Connection& c) { return c.query(sql).at(0).integer(0); }));
  }
  Error failure_to_open(std::string path) {
    try {
      (void)open_sqlite({.path = std::move(path)});
      return {ErrorKind::internal, "it opened"};
    } catch (const Failure& failure) {
      return failure.error();
    }
  }

  fairlead::testing::TemporaryFolder folder_;
  const std::string path_ = folder_.file("core.db");
  std::unique_ptr<Database> database_;
};

TEST_F(SqliteDatabaseTest, SettingsAreThoseOfTheDesign) {
  open();
  struct Case {
    const char* pragma;
    std::int64_t value;
  };
  const Case everywhere[] = {{"synchronous", 2},     {"foreign_keys", 1},
                             {"secure_delete", 1},   {"trusted_schema", 0},
                             {"temp_store", 2},      {"cell_size_check", 1},
                             {"busy_timeout", 5000}, {"wal_autocheckpoint", 0}};
  const auto value_of = [](Connection& c, const char* pragma) {
    return c.query(std::string("PRAGMA ") + pragma).at(0).integer(0);
  };
  const auto check = [&](Connection& c) {
    for (const Case& one : everywhere) EXPECT_EQ(value_of(c, one.pragma), one.value) << one.pragma;
    EXPECT_EQ(c.query("PRAGMA journal_mode").at(0).text(0), "wal");
    EXPECT_TRUE(c.query("PRAGMA mmap_size").empty() || value_of(c, "mmap_size") == 0);
    return value_of(c, "query_only");
  };
  EXPECT_EQ(run_to_end(database_->write(check)), 0);
  EXPECT_EQ(run_to_end(database_->read(check)), 1);
}

TEST_F(SqliteDatabaseTest, FilesAreForTheOwnerOnly) {
  const mode_t before = umask(0);
  const std::string inner = folder_.file("state");
  const auto database = open_sqlite({.path = inner + "/core.db"});
  run_to_end(database->write([](Connection& c) { c.execute("CREATE TABLE t (x TEXT)"); }));
  umask(before);
  EXPECT_EQ(fs::status(inner).permissions(), fs::perms::owner_all);
  int files = 0;
  for (const auto& entry : fs::directory_iterator(inner)) {
    EXPECT_EQ(entry.status().permissions(), fs::perms::owner_read | fs::perms::owner_write)
        << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 4);  // core.db, -wal, -shm, .lock
}

TEST_F(SqliteDatabaseTest, UnfitPlacesAreRefused) {
  fs::create_directory(folder_.file("open"));
  fs::permissions(folder_.file("open"), fs::perms::owner_all | fs::perms::others_read);
  fs::create_directory(folder_.file("folder.db"));
  std::ofstream(folder_.file("text.db")) << std::string(5000, 'x');
  std::ofstream(folder_.file("file")) << "x";
  struct Case {
    std::string path;
    ErrorKind kind;
    const char* says;
  };
  const Case cases[] = {
      {folder_.file("open/core.db"), ErrorKind::forbidden, "chmod 700"},
      {folder_.file("none/none/core.db"), ErrorKind::invalid_input, "cannot make the folder"},
      {folder_.file("file/core.db"), ErrorKind::invalid_input, "not a folder"},
      {folder_.file("folder.db"), ErrorKind::invalid_input, "cannot open"},
      {folder_.file("text.db"), ErrorKind::internal, "damaged"},
  };
  for (const Case& one : cases) {
    const Error error = failure_to_open(one.path);
    EXPECT_EQ(error.kind, one.kind) << one.path << ": " << error.message;
    EXPECT_NE(error.message.find(one.says), std::string::npos) << error.message;
  }
}

TEST(NetworkFileSystem, IsKnownByItsNumber) {
  struct Case {
    long type;
    const char* name;
  };
  const Case cases[] = {
      {0x6969, "NFS"},     {0xFF534D42, "SMB"},  {static_cast<std::int32_t>(0xFF534D42), "SMB"},
      {0xFE534D42, "SMB"}, {0x65735546, "FUSE"}, {0x00C36400, "Ceph"},
      {0xEF53, ""},       // ext4
      {0x58465342, ""},   // xfs
      {0x9123683E, ""},   // btrfs
      {0x794C7630, ""},   // overlay
      {0x01021994, ""}};  // tmpfs
  for (const Case& one : cases) EXPECT_EQ(network_file_system(one.type), one.name);
}

TEST_F(SqliteDatabaseTest, ASecondUserIsRefusedAndToldWhoHasIt) {
  open();
  const Error error = failure_to_open(path_);
  EXPECT_EQ(error.kind, ErrorKind::conflict);
  EXPECT_NE(error.message.find(fmt::format("pid {}", getpid())), std::string::npos)
      << error.message;
  database_.reset();
  open();
}

TEST_F(SqliteDatabaseTest, AnUncleanStopIsFollowedByACheck) {
  open_with_table();
  execute("CREATE INDEX item_by_text ON item (text)");
  for (int i = 0; i < 100; ++i)
    execute("INSERT INTO item (text) VALUES ($1)", {std::string(200, 'x')});
  database_.reset();
  EXPECT_NE(content_of(path_ + ".lock").find("state closed"), std::string::npos);
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096L * 4 + 100);
    file << std::string(3000, '\x5a');
  }
  open();  // closed properly, so it is not read through
  database_.reset();
  std::ofstream(path_ + ".lock") << "pid 1\nstate open\n";
  const Error error = failure_to_open(path_);
  EXPECT_EQ(error.kind, ErrorKind::internal);
  EXPECT_NE(error.message.find("damaged"), std::string::npos) << error.message;
  EXPECT_EQ(failure_to_open(path_).kind, ErrorKind::internal);  // and it stays so
}

TEST_F(SqliteDatabaseTest, TheLogIsCopiedAndEmptied) {
  open_with_table({.idle = 1ms});
  const auto log_size = [this] { return fs::file_size(path_ + "-wal"); };
  EXPECT_TRUE(eventually([&] { return log_size() == 0; }));  // idle
  database_.reset();

  open_with_table();
  for (int i = 0; i < 60; ++i)  // 12 MB, of which the log must not keep all
    execute("INSERT INTO item (text) VALUES ($1)", {std::string(200'000, 'x')});
  EXPECT_GT(fs::file_size(path_), 6'000'000U);
  EXPECT_LT(log_size(), 6'000'000U);
  database_.reset();
  EXPECT_FALSE(fs::exists(path_ + "-wal"));
  open();
  EXPECT_EQ(number("SELECT count(*) FROM item"), 60);
}

TEST_F(SqliteDatabaseTest, WhatIsForgottenIsGoneFromTheFiles) {
  open_with_table();
  const std::string canary = "canary-5f2d9c";
  const auto traces = [&] {
    int found = 0;
    for (const auto& entry : fs::directory_iterator(folder_.path()))
      if (content_of(entry.path()).find(canary) != std::string::npos) ++found;
    return found;
  };
  for (int i = 0; i < 300; ++i) execute("INSERT INTO item (text) VALUES ($1)", {canary});
  run_to_end(database_->forget_deleted());
  EXPECT_EQ(traces(), 1);
  execute("DELETE FROM item WHERE id % 2 = 0");
  execute("DELETE FROM item");
  EXPECT_GE(traces(), 1);
  run_to_end(database_->forget_deleted());
  EXPECT_EQ(traces(), 0);
}

TEST_F(SqliteDatabaseTest, BackUpIsAWholeDatabase) {
  open_with_table();
  execute("INSERT INTO item (text) VALUES ('kept')");
  const std::string copy = folder_.file("copy.db");
  run_to_end(database_->back_up(copy));
  EXPECT_THROW(run_to_end(database_->back_up(copy)), Failure);  // never over another file
  execute("INSERT INTO item (text) VALUES ('later')");
  EXPECT_FALSE(fs::exists(copy + "-wal"));
  database_ = open_sqlite({.path = copy});
  EXPECT_EQ(number("SELECT count(*) FROM item"), 1);
  const auto memory = open_sqlite({.path = ":memory:"});
  run_to_end(memory->back_up(folder_.file("memory.db")));
  EXPECT_TRUE(fs::exists(folder_.file("memory.db")));
}

TEST_F(SqliteDatabaseTest, AStatementHasALimitInTime) {
  open_with_table({.statement_limit = 20ms});
  const char* endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
  const auto run = [&](Connection& c) { (void)c.query(endless); };
  EXPECT_THROW(run_to_end(database_->read(run)), Failure);
  EXPECT_THROW(run_to_end(database_->write(run)), Failure);
  EXPECT_EQ(execute("INSERT INTO item (text) VALUES ('x')"), 1);
}

TEST_F(SqliteDatabaseTest, OneThatFillsTheDatabaseDoesNotTakeOthersAlong) {
  open_with_table();
  execute("CREATE TABLE other (x TEXT)");
  run_to_end(database_->write([](Connection& c) { (void)c.query("PRAGMA max_page_count=100"); }));
  asio::io_context context(1);
  int full = 0, done = 0;
  for (std::int64_t i = 0; i < 50; ++i)
    asio::co_spawn(context, database_->write([i](Connection& c) {
      const std::size_t size = i % 10 == 5 ? 1'000'000 : 10;
      c.execute("INSERT INTO item (id, text) VALUES ($1, $2)", {i, std::string(size, 'x')});
    }),
                   [&](std::exception_ptr failure) {
                     ++done;
                     try {
                       if (failure) std::rethrow_exception(failure);
                     } catch (const Failure& f) {
                       EXPECT_EQ(f.error().kind, ErrorKind::unavailable);
                       EXPECT_EQ(f.error().message,
                                 "the disk is full; free some space and try again");
                       ++full;
                     }
                   });
  context.run();
  EXPECT_EQ(done, 50);
  EXPECT_EQ(full, 5);
  EXPECT_EQ(number("SELECT count(*) FROM item"), 45);
}

class FullDisk : public SqliteDatabaseTest {
 protected:
  void SetUp() override { replace(&write_to_a_full_disk); }
  void TearDown() override {
    disk_is_full = false;
    replace(nullptr);
  }

 private:
  static void replace(ssize_t (*write)(int, const void*, std::size_t, off_t)) {
    sqlite3_vfs* unix_files = sqlite3_vfs_find(nullptr);
    ASSERT_EQ(unix_files->xSetSystemCall(unix_files, "pwrite64",
                                         reinterpret_cast<sqlite3_syscall_ptr>(write)),
              SQLITE_OK);
  }
};

TEST_F(FullDisk, IsToldAndNothingIsLost) {
  open_with_table();
  run_to_end(migrate(*database_, {}));
  EXPECT_TRUE(run_to_end(database_->is_writable()));
  execute("INSERT INTO item (text) VALUES ('before')");
  disk_is_full = true;
  asio::io_context context(1);
  int full = 0;
  for (int i = 0; i < 20; ++i)
    asio::co_spawn(
        context, database_->write([](Connection& c) {
          c.execute("INSERT INTO item (text) VALUES ('during')");
        }),
        [&](std::exception_ptr failure) {
          try {
            std::rethrow_exception(failure);
          } catch (const Failure& f) {
            full += f.error().message == "the disk is full; free some space and try again" ? 1 : 0;
          }
        });
  context.run();
  EXPECT_EQ(full, 20);
  EXPECT_EQ(number("SELECT count(*) FROM item"), 1);
  EXPECT_FALSE(run_to_end(database_->is_writable()));
  disk_is_full = false;
  execute("INSERT INTO item (text) VALUES ('after')");
  database_.reset();
  open();
  EXPECT_EQ(number("SELECT count(*) FROM item WHERE text IN ('before', 'after')"), 2);
  EXPECT_EQ(number("SELECT count(*) FROM item"), 2);
}

TEST_F(SqliteDatabaseTest, AFailedSyncEndsTheProcess) {
  EXPECT_EXIT(
      {
        open_with_table();
        syncing_fails = true;
        execute("INSERT INTO item (text) VALUES ('not promised')");
      },
      ::testing::ExitedWithCode(74), "store.io_error");
  open();  // and the next one finds a sound file
  EXPECT_EQ(number("SELECT count(*) FROM item WHERE text <> 'not promised'"), 0);
}

TEST_F(SqliteDatabaseTest, NothingAcknowledgedIsLostWhenKilled) {
  open_with_table();
  database_.reset();
  std::mt19937 random(std::random_device{}());
  std::set<std::int64_t> acknowledged;
  for (std::int64_t round = 0; round < 20; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) {
      open();
      asio::io_context context(1);
      const auto writer = [&](std::int64_t id) -> Task<void> {
        for (;; id += 64) {
          co_await database_->write([id](Connection& c) {
            c.execute("INSERT INTO item (id, text) VALUES ($1, 'x')", {id});
          });
          if (write(pipe_ends[1], &id, sizeof id) != sizeof id) _exit(1);
        }
      };
      for (std::int64_t i = 0; i < 64; ++i)
        asio::co_spawn(context, writer(round * 10'000'000 + i), asio::detached);
      context.run();
      _exit(1);
    }
    close(pipe_ends[1]);
    std::int64_t id = 0;
    const auto heard_before = acknowledged.size();
    const auto listen = [&] { return read(pipe_ends[0], &id, sizeof id) == sizeof id; };
    const auto enough = heard_before + std::uniform_int_distribution<std::size_t>(1, 2'000)(random);
    while (acknowledged.size() < enough && listen()) acknowledged.insert(id);
    ASSERT_EQ(kill(child, SIGKILL), 0);
    while (listen()) acknowledged.insert(id);
    close(pipe_ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    EXPECT_GT(acknowledged.size(), heard_before);

    open();  // with quick_check, since it was left open
    const Rows rows = run_to_end(
        database_->read([](Connection& c) { return c.query("SELECT id FROM item ORDER BY id"); }));
    std::set<std::int64_t> stored;
    for (const Row& row : rows) stored.insert(stored.end(), row.integer(0));
    EXPECT_TRUE(std::ranges::includes(stored, acknowledged)) << "round " << round;
    database_.reset();
  }
}

TEST(Doctor, KnowsTheVersionsWithTheWalResetBug) {
  struct Case {
    const char* version;
    bool affected;
  };
  const Case cases[] = {{"3.6.23", false}, {"3.7.0", true},  {"3.40.1", true},  {"3.44.5", true},
                        {"3.44.6", false}, {"3.45.0", true}, {"3.50.6", true},  {"3.50.7", false},
                        {"3.51.0", true},  {"3.51.2", true}, {"3.51.3", false}, {"3.52.0", false},
                        {"4.0.0", false}};
  for (const Case& one : cases)
    EXPECT_EQ(has_wal_reset_bug(one.version), one.affected) << one.version;
}

TEST_F(SqliteDatabaseTest, DoctorNamesTheLibrary) {
  open();
  const auto all = run_to_end(facts(*database_));
  EXPECT_EQ(all.at(0).value, sqlite3_libversion());
  EXPECT_EQ(all.at(0).advice.empty(), !has_wal_reset_bug(sqlite3_libversion()));
  EXPECT_EQ(all.at(1).value, "wal");
}

}  // namespace
}  // namespace fairlead::store
