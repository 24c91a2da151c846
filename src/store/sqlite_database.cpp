// SQLite: one connection writes and checkpoints, on one thread; a few others only read.
// docs/security.md, D60 and D61.
#include "base/log.hpp"
#include "store/database.hpp"
#include "store/database_file.hpp"
#include "store/job_queue.hpp"
#include "store/statement.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <unordered_map>

namespace fairlead::store {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t readers = 4;
constexpr std::size_t largest_group = 256;
constexpr std::chrono::milliseconds longest_group{2};
constexpr int checkpoint_pages = 1'000;
constexpr std::size_t statements_kept = 256;
constexpr int exit_io_error = 74;  // EX_IOERR of sysexits.h

/// What SQLite could not write may be lost although a second fsync would succeed (the kernel
/// reports a failed write-back once). So nothing more is promised: the process ends, and the next
/// start recovers from what is on the disk.
[[noreturn]] void end_after_io_error(const char* step, std::string_view reason) {
  log::error("store.io_error", {{"step", step}, {"reason", reason}});
  std::_Exit(exit_io_error);
}

Error error_of(int code, std::string_view message, std::string_view sql) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {ErrorKind::unavailable, "the disk is full; free some space and try again"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::unavailable, "the database is busy"};
    case SQLITE_INTERRUPT:
      return {.kind = ErrorKind::unavailable,
              .message = "the database took too long",
              .detail = std::string(sql)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {.kind = ErrorKind::internal,
              .message = "the database file is damaged; restore a backup",
              .detail = std::string(message)};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_IOERR:
      return {.kind = ErrorKind::unavailable,
              .message = "the database file cannot be used",
              .detail = fmt::format("{} ({})", message, code)};
    default:
      return {.kind = ErrorKind::internal,
              .message = "the database refused a statement",
              .detail = fmt::format("{} ({}): {}", message, code, sql)};
  }
}

struct CloseStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, CloseStatement>;
struct CloseHandle {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
using Handle = std::unique_ptr<sqlite3, CloseHandle>;

struct TextHash : std::hash<std::string_view> {
  using is_transparent = void;
};

Value value_at(sqlite3_stmt* statement, int column) {
  const auto size = [&] {
    return static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  };
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      return std::string(text, size());
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
      return Blob{bytes == nullptr ? std::string() : std::string(bytes, size())};
    }
    default:
      return nullptr;
  }
}

int bind(sqlite3_stmt* statement, int index, const Value& value) {
  struct Binder {
    sqlite3_stmt* to;
    int at;
    // The bytes outlive the step, so SQLite need not copy them.
    int operator()(std::nullptr_t) const { return sqlite3_bind_null(to, at); }
    int operator()(std::int64_t number) const { return sqlite3_bind_int64(to, at, number); }
    int operator()(double number) const { return sqlite3_bind_double(to, at, number); }
    int operator()(const std::string& text) const {
      return sqlite3_bind_text64(to, at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(const Blob& blob) const {
      return sqlite3_bind_blob64(to, at, blob.bytes.data(), blob.bytes.size(), SQLITE_STATIC);
    }
  };
  return std::visit(Binder{statement, index}, value);
}

bool only_blanks(std::string_view text) {
  return text.find_first_not_of(" \t\r\n;") == std::string_view::npos;
}

class SqliteConnection final : public Connection {
 public:
  enum class Use { writer, reader, memory };

  SqliteConnection(const std::string& path, Use use, std::chrono::milliseconds limit)
      : limit_(limit) {
    sqlite3* opened = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (use == Use::memory ? SQLITE_OPEN_CREATE : 0);
    const int code = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
    handle_.reset(opened);
    if (code != SQLITE_OK) throw Failure(error_of(code, sqlite3_errstr(code), path));
    apply_settings(use);
    sqlite3_progress_handler(handle_.get(), 1'000, &SqliteConnection::out_of_time, this);
  }

  Rows query(std::string_view sql, std::span<const Value> arguments) override {
    Rows rows;
    run(sql, arguments, [&rows](sqlite3_stmt* statement) {
      std::vector<Value> values;
      const int columns = sqlite3_column_count(statement);
      values.reserve(static_cast<std::size_t>(columns));
      for (int column = 0; column < columns; ++column)
        values.push_back(value_at(statement, column));
      rows.emplace_back(std::move(values));
    });
    return rows;
  }

  std::int64_t execute(std::string_view sql, std::span<const Value> arguments) override {
    const auto before = sqlite3_total_changes64(handle_.get());
    run(sql, arguments, [](sqlite3_stmt*) {});
    // sqlite3_changes keeps the number of the last change; a statement like CREATE makes none.
    const bool changed = sqlite3_total_changes64(handle_.get()) != before;
    return changed ? sqlite3_changes64(handle_.get()) : 0;
  }

  void execute_script(const std::string& sql) override {
    refuse_after_failure();
    failed_ = true;  // until it is done
    until_ = Steady::time_point::max();
    const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code, sql);
    failed_ = false;
  }

  /// A statement of the driver itself, outside the rules for closures. Answers SQLite's code.
  int command(const char* sql) {
    until_ = Steady::time_point::max();
    Statement& statement = commands_[sql];
    if (!statement) {
      sqlite3_stmt* raw = nullptr;
      const int code =
          sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
      statement.reset(raw);
      if (code != SQLITE_OK) return code;
    }
    const int code = sqlite3_step(statement.get());
    sqlite3_reset(statement.get());
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
  }
  void must(const char* sql) {
    if (const int code = command(sql); code != SQLITE_OK)
      throw Failure(error_of(code, sqlite3_errmsg(handle_.get()), sql));
  }

  /// A closure begins: nothing has failed yet.
  void start_closure() { failed_ = false; }
  /// A closure that hid a failure must not be committed: PostgreSQL could not either.
  void end_closure() const { refuse_after_failure(); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
  sqlite3* handle() const { return handle_.get(); }
  std::string message() const { return sqlite3_errmsg(handle_.get()); }

  /// Throws Failure when pages of the file are damaged.
  void check_pages() {
    until_ = Steady::time_point::max();
    const Rows rows = query_unlimited("PRAGMA quick_check(1)");
    if (rows.size() != 1 || rows[0].text(0) != "ok")
      throw Failure(error_of(SQLITE_CORRUPT, rows.empty() ? "" : rows[0].text(0), ""));
  }

 private:
  template <class OnRow>
  void run(std::string_view sql, std::span<const Value> arguments, OnRow on_row) {
    refuse_after_failure();
    failed_ = true;  // until it is done
    until_ = Steady::now() + limit_;
    check_values(arguments);
    const Prepared& known = prepared(sql, arguments.size());
    sqlite3_stmt* statement = known.statement.get();
    struct Reset {
      sqlite3_stmt* statement;
      ~Reset() {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
      }
    } const reset{statement};
    bind_all(known, sql, arguments);
    int code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) on_row(statement);
    if (code != SQLITE_DONE) fail(code, sql);
    failed_ = false;
  }

  Rows query_unlimited(const char* sql) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v2(handle_.get(), sql, -1, &raw, nullptr);
    const Statement statement(raw);
    if (code != SQLITE_OK) throw Failure(error_of(code, message(), sql));
    Rows rows;
    int step = sqlite3_step(raw);
    for (; step == SQLITE_ROW; step = sqlite3_step(raw))
      rows.emplace_back(std::vector{value_at(raw, 0)});
    if (step != SQLITE_DONE) throw Failure(error_of(step, message(), sql));
    return rows;
  }

  struct Prepared {
    Statement statement;
    std::vector<int> places;  // of $1, $2, ...
  };

  const Prepared& prepared(std::string_view sql, std::size_t parameters) {
    if (const auto found = statements_.find(sql);
        found != statements_.end() && found->second.places.size() == parameters)
      return found->second;
    check_parameters(sql, parameters);
    sqlite3_stmt* raw = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, &rest);
    Statement statement(raw);
    if (code != SQLITE_OK) fail(code, sql);
    if (raw == nullptr || !only_blanks(std::string_view(rest, sql.data() + sql.size()))) {
      throw Failure(Error{.message = "one statement is expected", .detail = std::string(sql)});
    }
    if (statements_.size() >= statements_kept) statements_.clear();
    std::vector<int> places;
    // By name: SQLite numbers parameters in the order in which they first appear.
    for (std::size_t i = 1; i <= parameters; ++i)
      places.push_back(sqlite3_bind_parameter_index(raw, fmt::format("${}", i).c_str()));
    return statements_.emplace(std::string(sql), Prepared{std::move(statement), std::move(places)})
        .first->second;
  }

  void bind_all(const Prepared& known, std::string_view sql, std::span<const Value> arguments) {
    for (std::size_t i = 0; i < arguments.size(); ++i)
      if (const int code = bind(known.statement.get(), known.places[i], arguments[i]);
          code != SQLITE_OK)
        fail(code, sql);
  }

  [[noreturn]] void fail(int code, std::string_view sql) const {
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
      const std::string text = message();  // "UNIQUE constraint failed: table.column"
      const auto colon = text.find(": ");
      throw UniqueViolation(colon == std::string::npos ? text : text.substr(colon + 2));
    }
    throw Failure(error_of(code, message(), sql));
  }

  void refuse_after_failure() const {
    if (failed_)
      throw Failure(Error{.message = "the transaction is over: an earlier statement of it failed"});
  }

  void apply_settings(Use use) {
    int ignored = 0;
    // Double quotes are for names, as in PostgreSQL.
    sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DQS_DML, 0, &ignored);
    sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DQS_DDL, 0, &ignored);
    sqlite3_busy_timeout(handle_.get(), 5'000);
    must("PRAGMA foreign_keys=ON");
    must("PRAGMA secure_delete=ON");
    must("PRAGMA trusted_schema=OFF");
    must("PRAGMA cell_size_check=ON");
    must("PRAGMA mmap_size=0");
    must("PRAGMA temp_store=MEMORY");
    must("PRAGMA case_sensitive_like=ON");  // as in PostgreSQL
    if (use == Use::memory) return;
    must("PRAGMA synchronous=FULL");
    must("PRAGMA wal_autocheckpoint=0");
    if (use == Use::writer) {
      if (query_unlimited("PRAGMA journal_mode=WAL").at(0).text(0) != "wal")
        throw Failure(Error{.message = "the database file cannot use a write-ahead log"});
    } else {
      sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &ignored);
      must("PRAGMA query_only=ON");
    }
  }

  static int out_of_time(void* self) {
    const auto* connection = static_cast<const SqliteConnection*>(self);
    return connection->until_ != Steady::time_point::max() && Steady::now() > connection->until_;
  }

  const std::chrono::milliseconds limit_;
  Handle handle_;
  std::unordered_map<std::string, Prepared, TextHash, std::equal_to<>> statements_;
  std::unordered_map<std::string_view, Statement> commands_;  // by literals
  Steady::time_point until_ = Steady::time_point::max();
  bool failed_ = false;
};

/// Counts no memory: that costs every thread a common mutex at each allocation.
void configure_library() {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

/// The one connection that writes, with the thread that serves its queue.
class Writer {
 public:
  explicit Writer(const SqliteOptions& options)
      : in_memory_(options.path == ":memory:"),
        idle_(options.idle),
        connection_(options.path,
                    in_memory_ ? SqliteConnection::Use::memory : SqliteConnection::Use::writer,
                    options.statement_limit) {
    sqlite3_wal_hook(connection_.handle(), &Writer::note_pages, this);
  }
  void start() {
    thread_ = std::thread([this] { serve(); });
  }
  /// Finishes what is queued and empties the log.
  ~Writer() {
    queue_.close();
    if (!thread_.joinable()) return;
    thread_.join();
    if (!in_memory_) (void)checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
  }

  JobQueue& queue() { return queue_; }
  SqliteConnection& connection() { return connection_; }
  bool in_memory() const { return in_memory_; }

  /// Answers whether the log was copied whole (a reader may stand in the way).
  bool checkpoint(int mode) {
    const int code =
        sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr, mode, nullptr, nullptr);
    if ((code & 0xff) == SQLITE_IOERR) end_after_io_error("checkpoint", connection_.message());
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
      log::warning("store.checkpoint_failed", {{"reason", connection_.message()}});
    if (code == SQLITE_OK && mode == SQLITE_CHECKPOINT_TRUNCATE) log_pages_ = 0;
    return code == SQLITE_OK;
  }

 private:
  void serve() {
    while (!queue_.finished()) {
      auto job = queue_.pop(idle_);
      if (!job) {
        if (log_pages_ > 0) (void)checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
      } else if (job->mode == Database::Mode::outside) {
        run_outside(*job);
        job->answer();
      } else {
        run_group(std::move(*job));
      }
      job.reset();
      if (log_pages_ >= checkpoint_pages) (void)checkpoint(SQLITE_CHECKPOINT_PASSIVE);
    }
  }

  void run_outside(Job& job) {
    connection_.start_closure();
    try {
      job.work(connection_);
    } catch (...) {
      job.failure = std::current_exception();
    }
  }

  /// `first` and what else is queued share one transaction, each in a savepoint of its own.
  void run_group(Job first) {
    std::deque<Job> group;
    group.push_back(std::move(first));
    const auto until = Steady::now() + longest_group;
    std::size_t taken = 0;
    const auto next = [&]() -> Job* {
      if (taken == group.size()) {
        if (taken == largest_group || Steady::now() >= until) return nullptr;
        auto more = queue_.pop_at_once();
        if (!more) return nullptr;
        group.push_back(std::move(*more));
      }
      return &group[taken++];
    };
    if (!transact(next) && group.size() > 1) run_one_by_one(group);
    for (Job& job : group) job.answer();
  }

  /// When a group cannot be committed, the one that is to blame must not take the others along.
  void run_one_by_one(std::deque<Job>& group) {
    for (Job& job : group) {
      Job* only = &job;
      (void)transact([&only] { return std::exchange(only, nullptr); });
    }
  }

  /// Runs what `next` gives in one transaction. False when it could not be committed; then every
  /// job of it has failed.
  template <class Next>
  bool transact(Next next) {
    std::vector<Job*> jobs;
    try {
      connection_.must("BEGIN IMMEDIATE");
      while (Job* job = next()) {
        jobs.push_back(job);
        run_in_savepoint(*job);
      }
      commit();
      return true;
    } catch (...) {
      if (connection_.in_transaction()) (void)connection_.command("ROLLBACK");
      if (jobs.empty())
        if (Job* job = next()) jobs.push_back(job);
      for (Job* job : jobs)
        if (!job->failure) job->failure = std::current_exception();
      return false;
    }
  }

  /// Throws when the whole transaction was lost (SQLite rolls back by itself when the disk is full
  /// or an update was interrupted).
  void run_in_savepoint(Job& job) {
    job.failure = nullptr;
    connection_.must("SAVEPOINT closure");
    const bool reads = job.mode == Database::Mode::read;  // only ":memory:" reads here
    if (reads) connection_.must("PRAGMA query_only=ON");
    connection_.start_closure();
    try {
      job.work(connection_);
      connection_.end_closure();
    } catch (...) {
      job.failure = std::current_exception();
    }
    if (reads) connection_.must("PRAGMA query_only=OFF");
    if (!connection_.in_transaction())
      throw Failure(Error{ErrorKind::unavailable, "the database gave up a transaction"});
    if (job.failure) connection_.must("ROLLBACK TO closure");
    connection_.must("RELEASE closure");
  }

  void commit() {
    const int code = connection_.command("COMMIT");
    if (code == SQLITE_OK) return;
    if ((code & 0xff) == SQLITE_IOERR) end_after_io_error("commit", connection_.message());
    throw Failure(error_of(code, connection_.message(), "COMMIT"));
  }

  static int note_pages(void* self, sqlite3*, const char*, int pages) {
    static_cast<Writer*>(self)->log_pages_ = pages;
    return SQLITE_OK;
  }

  const bool in_memory_;
  const std::chrono::milliseconds idle_;
  SqliteConnection connection_;
  int log_pages_ = 0;
  JobQueue queue_;
  std::thread thread_;
};

/// Connections that only read, a thread each.
class Readers {
 public:
  explicit Readers(const SqliteOptions& options) {
    for (std::size_t i = 0; i < readers; ++i)
      connections_.push_back(std::make_unique<SqliteConnection>(
          options.path, SqliteConnection::Use::reader, options.statement_limit));
    for (auto& connection : connections_)
      threads_.emplace_back([this, c = connection.get()] { serve(*c); });
  }
  ~Readers() {
    queue_.close();
    for (std::thread& thread : threads_) thread.join();
  }
  JobQueue& queue() { return queue_; }

 private:
  void serve(SqliteConnection& connection) {
    while (!queue_.finished()) {
      auto job = queue_.pop();
      if (!job) continue;
      connection.start_closure();
      try {
        connection.must("BEGIN");
        job->work(connection);
        connection.end_closure();
      } catch (...) {
        job->failure = std::current_exception();
      }
      if (connection.in_transaction()) (void)connection.command("ROLLBACK");  // it only read
      job->answer();
    }
  }

  JobQueue queue_;
  std::vector<std::unique_ptr<SqliteConnection>> connections_;
  std::vector<std::thread> threads_;
};

void copy_database(sqlite3* from, const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    throw Failure(
        invalid(fmt::format("cannot make the backup {}: {}", path, std::strerror(errno))));
  close(file);
  try {
    SqliteConnection copy(path, SqliteConnection::Use::writer, {});
    sqlite3_backup* backup = sqlite3_backup_init(copy.handle(), "main", from, "main");
    if (backup == nullptr)
      throw Failure(error_of(sqlite3_errcode(copy.handle()), copy.message(), "backup"));
    (void)sqlite3_backup_step(backup, -1);
    if (const int code = sqlite3_backup_finish(backup); code != SQLITE_OK)
      throw Failure(error_of(code, copy.message(), "backup"));
    copy.check_pages();
  } catch (...) {
    for (const char* ending : {"", "-wal", "-shm"}) unlink((path + ending).c_str());
    throw;
  }
  sync_folder_of(path);
}

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(const SqliteOptions& options)
      : path_(options.path == ":memory:" ? "" : options.path) {
    configure_library();
    if (!path_.empty()) file_.emplace(path_);
    writer_.emplace(options);
    if (file_ && file_->was_left_open()) {
      log::info("store.checking", {{"file", path_}, {"reason", "it was not closed properly"}});
      writer_->connection().check_pages();
    }
    if (!path_.empty()) readers_.emplace(options);
    writer_->start();
  }

  ~SqliteDatabase() override {
    readers_.reset();  // before the writer, so that it can empty the log
    writer_.reset();
    try {
      if (file_) file_->note_closed();
    } catch (const Failure& failure) {
      log::warning("store.not_closed", {{"message", failure.what()}});
    }
  }

  std::string_view kind() const override { return "sqlite"; }
  std::string file() const override { return path_; }

  Task<void> forget_deleted() override {
    co_await finish(Mode::outside, [this](Connection&) {
      if (!writer_->in_memory() && !writer_->checkpoint(SQLITE_CHECKPOINT_TRUNCATE))
        throw Failure(Error{ErrorKind::unavailable,
                            "the log of the database could not be emptied: a read took too long"});
    });
  }

  Task<void> back_up(std::string path) override {
    // Not inside a write transaction of the same connection, as a read of ":memory:" would be.
    const Mode mode = writer_->in_memory() ? Mode::outside : Mode::read;
    co_await finish(mode, [path = std::move(path)](Connection& connection) {
      copy_database(static_cast<SqliteConnection&>(connection).handle(), path);
    });
  }

 private:
  void submit(Mode mode, std::function<void(Connection&)> work,
              std::function<void(std::exception_ptr)> done) override {
    JobQueue& queue = mode == Mode::read && readers_ ? readers_->queue() : writer_->queue();
    queue.push({mode, std::move(work), std::move(done)});
  }

  const std::string path_;
  std::optional<DatabaseFile> file_;
  std::optional<Writer> writer_;
  std::optional<Readers> readers_;
};

}  // namespace

std::unique_ptr<Database> open_sqlite(SqliteOptions options) {
  return std::make_unique<SqliteDatabase>(options);
}

}  // namespace fairlead::store
