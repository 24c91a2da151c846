// One set of SQL over two drivers: sqlite_database.cpp and postgres_database.cpp.
#pragma once

#include "base/error.hpp"
#include "base/task.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace fairlead::store {

/// Bytes that are not text (bytea in PostgreSQL, blob in SQLite).
struct Blob {
  std::string bytes;
  auto operator<=>(const Blob&) const = default;
};

using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string, Blob>;

/// One row; columns by position, in the order of the SELECT.
class Row {
 public:
  explicit Row(std::vector<Value> values) : values_(std::move(values)) {}
  bool is_null(std::size_t column) const {
    return std::holds_alternative<std::nullptr_t>(values_.at(column));
  }
  std::int64_t integer(std::size_t column) const {
    return std::get<std::int64_t>(values_.at(column));
  }
  double real(std::size_t column) const { return std::get<double>(values_.at(column)); }
  bool boolean(std::size_t column) const { return integer(column) != 0; }
  const std::string& text(std::size_t column) const {
    return std::get<std::string>(values_.at(column));
  }
  const std::string& bytes(std::size_t column) const {
    return std::get<Blob>(values_.at(column)).bytes;
  }
  std::optional<std::string> optional_text(std::size_t column) const {
    return is_null(column) ? std::nullopt : std::optional(text(column));
  }
  std::optional<std::int64_t> optional_integer(std::size_t column) const {
    return is_null(column) ? std::nullopt : std::optional(integer(column));
  }

 private:
  std::vector<Value> values_;
};
using Rows = std::vector<Row>;

/// One connection, inside one transaction, on a thread that may block. Not for use outside the
/// closure it is given to. Parameters are $1, $2, ... in both databases. Times are stored as int64
/// microseconds since 1970 UTC, booleans as int64 0 and 1, JSON as text, ids as text.
///
/// Where the type of a NULL cannot be seen, PostgreSQL wants it said: CAST($1 AS TEXT) IS NULL.
/// Text is UTF-8 without NUL and a double is a number, else Failure(invalid_input). After a
/// statement failed the transaction is over in both databases: let the exception out of the
/// closure (catch UniqueViolation around the co_await), or avoid it by ON CONFLICT DO NOTHING.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual Rows query(std::string_view sql, std::span<const Value> arguments) = 0;
  Rows query(std::string_view sql, std::initializer_list<Value> arguments = {}) {
    return query(sql, std::span(arguments.begin(), arguments.size()));
  }
  /// Runs a statement; answers how many rows it changed.
  virtual std::int64_t execute(std::string_view sql, std::span<const Value> arguments) = 0;
  std::int64_t execute(std::string_view sql, std::initializer_list<Value> arguments = {}) {
    return execute(sql, std::span(arguments.begin(), arguments.size()));
  }
  /// Runs the statements of a migration, without the time limit that others have.
  virtual void execute_script(const std::string& sql) = 0;
};

/// Thrown by execute/query when a unique constraint is broken; other database errors throw
/// Failure(internal|unavailable).
struct UniqueViolation : std::exception {
  explicit UniqueViolation(std::string constraint_or_column)
      : what_(std::move(constraint_or_column)) {}
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::string what_;
};

/// The database of the process. Work is given as closures that run, on a thread that may block,
/// inside one transaction. A write has been committed durably (security.md D61, D62) when its task
/// ends; a closure that throws is rolled back alone, even when it shared its transaction with
/// others. A closure may run more than once (after a serialization failure), so it has no effects
/// but on the connection and its answer.
///
/// Writes behave as if they ran one after the other (SQLite: they do; PostgreSQL: SERIALIZABLE), a
/// read sees one moment and cannot write. A statement has 5 s (statement_limit). The destructor
/// finishes what is queued; the io_contexts of the callers must live until then.
class Database {
 public:
  enum class Mode {
    read,
    write,
    outside  ///< on the writer, in no transaction; for the driver's own upkeep
  };

  virtual ~Database() = default;

  template <class F>
  auto read(F work) -> Task<std::invoke_result_t<F, Connection&>> {
    return run(Mode::read, std::move(work));
  }
  template <class F>
  auto write(F work) -> Task<std::invoke_result_t<F, Connection&>> {
    return run(Mode::write, std::move(work));
  }

  /// "sqlite" or "postgres".
  virtual std::string_view kind() const = 0;
  /// For /readyz: a small write succeeds now (false before migrate()).
  Task<bool> is_writable();
  /// When it ends, deleted rows are gone from the files too, not only from the tables: SQLite's
  /// log is emptied. Call after deleting secrets (D60). PostgreSQL: nothing to do.
  virtual Task<void> forget_deleted() = 0;
  /// The file it lives in; empty for PostgreSQL and ":memory:".
  virtual std::string file() const = 0;
  /// Copies the database as it is now into a new file and checks the copy. PostgreSQL has its own
  /// tools: Failure(invalid_input).
  virtual Task<void> back_up(std::string path) = 0;

 protected:
  /// Runs `work` once in a transaction (or again, see above), then calls `done` once, on any
  /// thread, after the commit.
  virtual void submit(Mode mode, std::function<void(Connection&)> work,
                      std::function<void(std::exception_ptr)> done) = 0;
  Task<void> finish(Mode mode, std::function<void(Connection&)> work);

 private:
  template <class F>
  auto run(Mode mode, F work) -> Task<std::invoke_result_t<F, Connection&>> {
    using T = std::invoke_result_t<F, Connection&>;
    if constexpr (std::is_void_v<T>) {
      co_await finish(mode, std::function<void(Connection&)>(std::move(work)));
    } else {
      auto answer = std::make_shared<std::optional<T>>();
      std::function<void(Connection&)> keep =
          [answer, work = std::move(work)](Connection& c) mutable { answer->emplace(work(c)); };
      co_await finish(mode, std::move(keep));
      co_return std::move(**answer);
    }
  }
};

struct SqliteOptions {
  std::string path;  ///< of core.db; ":memory:" for tests
  /// After this long without a write the log is emptied into the file.
  std::chrono::milliseconds idle{5 * 60'000};
  std::chrono::milliseconds statement_limit{5'000};
};
/// Throws Failure when the file is locked by another process, on a network file system, damaged or
/// unwritable.
std::unique_ptr<Database> open_sqlite(SqliteOptions options);

struct PostgresOptions {
  std::string url;  ///< postgresql://user@host/name?sslmode=...
  std::size_t connections = 8;
  std::chrono::milliseconds statement_limit{5'000};
};
/// Throws Failure when the server cannot be reached or is older than PostgreSQL 15. A host that is
/// not this machine, whether the URL or the environment names it, is asked for a verified
/// certificate (sslmode=verify-full), unless the URL says otherwise.
std::unique_ptr<Database> open_postgres(PostgresOptions options);

/// Brings the schema to this binary's version (D64); throws Failure when the database is newer than
/// this binary understands, or an applied migration differs from ours. Migrations are
/// src/store/migrations/NNNN_name.sql, embedded; migration.hpp says how they are written.
Task<void> migrate(Database& database);

}  // namespace fairlead::store
