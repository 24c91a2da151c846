// PostgreSQL through libpq: a few connections, each on a thread of its own that may block.
// docs/security.md, D62.
#include "base/encoding.hpp"
#include "base/log.hpp"
#include "store/database.hpp"
#include "store/job_queue.hpp"
#include "store/statement.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <map>
#include <poll.h>
#include <random>
#include <thread>
#include <unordered_map>

namespace fairlead::store {
namespace {

constexpr int connection_tries = 3;
/// A serialization failure costs little and is only bad luck, so it gets more tries.
constexpr int serialization_tries = 12;
/// What a server may take beyond its own limit of a statement before it counts as gone.
constexpr std::chrono::seconds grace{1};
/// A try to connect that took longer was not refused: nobody answers there, and again would not
/// help.
constexpr std::chrono::seconds quick_refusal{1};
/// A job that stood in line for longer is turned away: behind a database that does not answer the
/// line would grow without end.
constexpr std::chrono::seconds longest_line{10};
constexpr std::size_t statements_kept = 256;
constexpr int oldest_server = 150'000;
constexpr const char* system_certificates = "/etc/ssl/certs/ca-certificates.crt";

// Object identifiers of types, from pg_type.dat.
enum TypeId : Oid {
  bool_type = 16,
  bytea_type = 17,
  int8_type = 20,
  int2_type = 21,
  int4_type = 23,
  text_type = 25,
  float4_type = 700,
  float8_type = 701,
  numeric_type = 1700
};

using Steady = std::chrono::steady_clock;

/// The transaction came to nothing and may run again.
struct TryAgain {
  enum class Reason { connection, serialization } reason;
  Error error;
};

/// The server said nothing in time. The connection is of no more use.
struct Silence {};

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, ClearResult>;
struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Handle = std::unique_ptr<PGconn, CloseConnection>;

std::string_view trimmed(std::string_view text) {
  const auto end = text.find_last_not_of(" \n");
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

Error away(std::string_view detail) {
  return {.kind = ErrorKind::unavailable,
          .message = "the database cannot be reached",
          .detail = std::string(trimmed(detail))};
}

std::string field_of(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? "" : text;
}

Error error_of(const PGresult* result, std::string_view sql) {
  const std::string state = field_of(result, PG_DIAG_SQLSTATE);
  // Messages of class 22 (data exception) repeat the value, which may be a secret.
  const std::string text = state.starts_with("22") ? "" : field_of(result, PG_DIAG_MESSAGE_PRIMARY);
  Error error{.message = "the database refused a statement",
              .detail = fmt::format("{} {}: {}", state, text, sql)};
  if (state == "53100") {
    error.kind = ErrorKind::unavailable;
    error.message = "the disk is full; free some space and try again";
  } else if (state == "57014" || state == "55P03") {
    error.kind = ErrorKind::unavailable;
    error.message = "the database took too long";
  } else if (state.starts_with("53") || state.starts_with("57") || state.starts_with("08") ||
             state.starts_with("58")) {
    error.kind = ErrorKind::unavailable;
    error.message = "the database cannot serve now";
  }
  return error;
}

/// sum() of integers is a numeric; SQLite gives an integer.
Value number_from(std::string_view text) {
  std::int64_t whole = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (failure == std::errc() && end == text.data() + text.size()) return whole;
  return std::strtod(std::string(text).c_str(), nullptr);
}

Value value_at(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column) != 0) return nullptr;
  const std::string_view text(PQgetvalue(result, row, column),
                              static_cast<std::size_t>(PQgetlength(result, row, column)));
  switch (PQftype(result, column)) {
    case bool_type:
      return std::int64_t{text == "t"};
    case int2_type:
    case int4_type:
    case int8_type:
    case numeric_type:
      return number_from(text);
    case float4_type:
    case float8_type:
      return std::strtod(text.data(), nullptr);  // libpq ends every value with a NUL
    case bytea_type:
      return Blob{from_hex(text.substr(2)).value()};  // "\x..."
    default:
      return std::string(text);
  }
}

/// The arguments as libpq takes them.
class Parameters {
 public:
  explicit Parameters(std::span<const Value> values) {
    texts_.reserve(values.size());
    for (const Value& value : values) std::visit([this](const auto& v) { add(v); }, value);
    for (const std::string& text : texts_) pointers_.push_back(text.c_str());
    for (std::size_t i = 0; i < texts_.size(); ++i)
      if (types_[i] == 0) pointers_[i] = nullptr;
  }
  int count() const { return static_cast<int>(texts_.size()); }
  const char* const* values() const { return pointers_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }
  const Oid* types() const { return types_.data(); }
  /// A statement is prepared once for each combination of types.
  std::string key(std::string_view sql) const {
    std::string key;
    for (const Oid type : types_) key += static_cast<char>('A' + type);
    key += ' ';
    key += sql;
    return key;
  }

 private:
  void add(std::nullptr_t) { push({}, 0, 0); }  // the server works the type out
  void add(std::int64_t number) { push(std::to_string(number), int8_type, 0); }
  void add(double number) { push(fmt::format("{}", number), float8_type, 0); }
  void add(const std::string& text) { push(text, text_type, 0); }
  void add(const Blob& blob) { push(blob.bytes, bytea_type, 1); }
  void push(std::string text, Oid type, int format) {
    lengths_.push_back(static_cast<int>(text.size()));
    texts_.push_back(std::move(text));
    types_.push_back(type);
    formats_.push_back(format);
  }

  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
  std::vector<int> lengths_, formats_;
  std::vector<Oid> types_;
};

bool is_local(const std::string& hosts) {
  std::size_t start = 0;
  while (start <= hosts.size()) {
    const auto end = std::min(hosts.find(',', start), hosts.size());
    const std::string host = hosts.substr(start, end - start);
    if (!host.empty() && !host.starts_with('/') && host != "localhost" &&
        !host.starts_with("127.") && host != "::1")
      return false;
    start = end + 1;
  }
  return true;
}

using Settings = std::map<std::string, std::string>;

/// What is set among these options.
Settings settings_of(PQconninfoOption* options) {
  Settings settings;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option)
    if (option->val != nullptr && *option->val != '\0') settings[option->keyword] = option->val;
  PQconninfoFree(options);
  return settings;
}

/// Whether it is sure that a connection stays on this machine. What the URL does not say, libpq
/// takes from the environment (PGHOST, PGHOSTADDR, PGSERVICE). What a service named in the URL
/// stands for cannot be seen here.
bool stays_here(Settings settings) {
  if (settings.contains("service")) return false;
  if (PQconninfoOption* const defaults = PQconndefaults(); defaults != nullptr)
    settings.merge(settings_of(defaults));
  return is_local(settings["host"]) && is_local(settings["hostaddr"]);
}

/// What the URL says, and our defaults for what it does not say.
class ConnectionSettings {
 public:
  explicit ConnectionSettings(const std::string& url) {
    char* reason = nullptr;
    PQconninfoOption* options = PQconninfoParse(url.c_str(), &reason);
    if (options == nullptr) {
      // The reason may repeat the URL, and with it a password.
      PQfreemem(reason);
      throw Failure(
          invalid("the database URL is not understood; it looks like"
                  " postgresql://user@host:5432/name?sslmode=verify-full"));
    }
    settings_ = settings_of(options);
    settings_.try_emplace("target_session_attrs", "read-write");
    settings_.try_emplace("connect_timeout", "5");
    settings_.try_emplace("application_name", "fairlead");
    settings_.try_emplace("client_encoding", "UTF8");
    settings_.try_emplace("gssencmode", "disable");
    settings_.try_emplace("sslmode", stays_here(settings_) ? "prefer" : "verify-full");
    if (settings_["sslmode"].starts_with("verify") && std::filesystem::exists(system_certificates))
      settings_.try_emplace("sslrootcert", system_certificates);
    for (const auto& [name, value] : settings_) {
      names_.push_back(name.c_str());
      values_.push_back(value.c_str());
    }
    names_.push_back(nullptr);
    values_.push_back(nullptr);
  }
  ConnectionSettings(const ConnectionSettings&) = delete;
  ConnectionSettings& operator=(const ConnectionSettings&) = delete;

  PGconn* connect() const { return PQconnectdbParams(names_.data(), values_.data(), 0); }

 private:
  Settings settings_;
  std::vector<const char*> names_, values_;
};

class PostgresConnection final : public Connection {
 public:
  PostgresConnection(const ConnectionSettings& settings, std::chrono::milliseconds limit)
      : settings_(settings), limit_(limit) {}

  Rows query(std::string_view sql, std::span<const Value> arguments) override {
    const Answer answer = run(sql, arguments);
    Rows rows;
    const int columns = PQnfields(answer.get());
    for (int row = 0; row < PQntuples(answer.get()); ++row) {
      std::vector<Value> values;
      values.reserve(static_cast<std::size_t>(columns));
      for (int column = 0; column < columns; ++column)
        values.push_back(value_at(answer.get(), row, column));
      rows.emplace_back(std::move(values));
    }
    return rows;
  }

  std::int64_t execute(std::string_view sql, std::span<const Value> arguments) override {
    const Answer answer = run(sql, arguments);
    const std::string_view count = PQcmdTuples(answer.get());
    std::int64_t rows = 0;
    std::from_chars(count.data(), count.data() + count.size(), rows);
    return rows;
  }

  void execute_script(const std::string& sql) override {
    refuse_after_failure();
    failed_ = true;  // until it is done
    const std::string unlimited = "SET LOCAL statement_timeout = 0;" + sql;
    (void)checked(Answer(PQexec(handle_.get(), unlimited.c_str())), sql);
    failed_ = false;
  }

  /// Runs the closure in a transaction of its own. Throws TryAgain when nothing of it was kept and
  /// it may run again.
  void transact(Database::Mode mode, const std::function<void(Connection&)>& work) {
    try {
      try_transaction(mode, work);
    } catch (const Silence&) {
      forget();
      throw Failure(away("it does not answer"));
    }
  }

 private:
  void try_transaction(Database::Mode mode, const std::function<void(Connection&)>& work) {
    connect();
    failed_ = false;
    reads_ = mode == Database::Mode::read;
    (void)checked(simple(reads_ ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                                : "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"),
                  "BEGIN");
    try {
      work(*this);
      refuse_after_failure();
    } catch (...) {
      roll_back();
      throw;
    }
    commit();
  }

  void connect() {
    if (handle_ && PQstatus(handle_.get()) == CONNECTION_OK) return;
    forget();
    const auto begun = Steady::now();
    handle_.reset(settings_.connect());
    if (PQstatus(handle_.get()) != CONNECTION_OK || PQsetnonblocking(handle_.get(), 1) != 0) {
      const Error error = away(PQerrorMessage(handle_.get()));
      handle_.reset();
      if (Steady::now() - begun > quick_refusal) throw Failure(error);
      throw TryAgain{TryAgain::Reason::connection, error};
    }
    try {
      set_up();
    } catch (...) {
      forget();  // else the next transaction would run without the limits
      throw;
    }
  }

  void set_up() {
    if (PQserverVersion(handle_.get()) < oldest_server)
      throw Failure(
          invalid(fmt::format("PostgreSQL 15 or newer is needed; the server has version {}",
                              PQparameterStatus(handle_.get(), "server_version"))));
    const std::string settings = fmt::format(
        "SET statement_timeout = {}; SET lock_timeout = '3s';"
        "SET idle_in_transaction_session_timeout = '10s';"
        "SET bytea_output = 'hex'; SET standard_conforming_strings = on;"
        // A stronger promise than "on" (remote_apply) stays.
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') IN ('off', 'local')",
        limit_.count());
    (void)checked(simple(settings.c_str()), "SET");
  }

  void forget() {
    handle_.reset();
    prepared_.clear();
  }

  Answer run(std::string_view sql, std::span<const Value> arguments) {
    refuse_after_failure();
    failed_ = true;  // until it is done
    check_statement(sql, arguments);
    const Parameters parameters(arguments);
    const std::string& name = prepared(sql, parameters);
    Answer answer =
        checked(answer_to(PQsendQueryPrepared(handle_.get(), name.c_str(), parameters.count(),
                                              parameters.values(), parameters.lengths(),
                                              parameters.formats(), 0)),
                sql);
    failed_ = false;
    return answer;
  }

  const std::string& prepared(std::string_view sql, const Parameters& parameters) {
    std::string key = parameters.key(sql);
    if (const auto found = prepared_.find(key); found != prepared_.end()) return found->second;
    if (prepared_.size() >= statements_kept) {
      (void)checked(simple("DEALLOCATE ALL"), "DEALLOCATE ALL");
      prepared_.clear();
    }
    std::string name = fmt::format("s{}", ++statement_number_);
    const Answer answer =
        checked(answer_to(PQsendPrepare(handle_.get(), name.c_str(), std::string(sql).c_str(),
                                        parameters.count(), parameters.types())),
                sql);
    return prepared_.emplace(std::move(key), std::move(name)).first->second;
  }

  /// Of a statement without arguments.
  Answer simple(const char* sql) { return answer_to(PQsendQuery(handle_.get(), sql)); }

  /// The last answer to what was sent. A server holds itself to its limits; one that is stopped, or
  /// behind a cut line, says nothing at all, and libpq alone would wait for it for ever.
  Answer answer_to(int was_sent) {
    const auto until = Steady::now() + limit_ + grace;
    Answer last;
    if (was_sent != 1) return last;
    int unsent = PQflush(handle_.get());
    while (unsent == 1) {
      wait(POLLIN | POLLOUT, until);
      if (PQconsumeInput(handle_.get()) != 1) break;
      unsent = PQflush(handle_.get());
    }
    for (;;) {
      while (PQisBusy(handle_.get()) == 1) {
        wait(POLLIN, until);
        if (PQconsumeInput(handle_.get()) != 1) break;  // PQgetResult says why
      }
      Answer next(PQgetResult(handle_.get()));
      if (!next) return last;
      last = std::move(next);
    }
  }

  /// Until the socket is ready; Silence when that is not in time.
  void wait(short events, Steady::time_point until) const {
    pollfd socket{PQsocket(handle_.get()), events, 0};
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now());
      const int ready = left.count() > 0 ? ::poll(&socket, 1, static_cast<int>(left.count())) : 0;
      if (ready > 0) return;
      if (ready == 0) throw Silence{};
      if (errno != EINTR) return;  // libpq finds the same
    }
  }

  Answer checked(Answer answer, std::string_view sql) {
    switch (PQresultStatus(answer.get())) {
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
        return answer;
      case PGRES_EMPTY_QUERY:
        throw Failure(Error{.message = "a statement is expected"});
      default:
        fail(answer.get(), sql);
    }
  }

  [[noreturn]] void fail(const PGresult* result, std::string_view sql) {
    const std::string state = field_of(result, PG_DIAG_SQLSTATE);
    if (state == "23505") throw UniqueViolation(field_of(result, PG_DIAG_CONSTRAINT_NAME));
    if (state == "40001" || state == "40P01")
      throw TryAgain{TryAgain::Reason::serialization, error_of(result, sql)};
    const bool lost = PQstatus(handle_.get()) != CONNECTION_OK;
    // 57P01 to 03: the server is stopping or starting; 25006 in a write: it is a standby now.
    const bool elsewhere = state.starts_with("57P0") || (state == "25006" && !reads_);
    // What was prepared no longer fits: a migration elsewhere changed a table, or a pooler came in
    // between. The function's name is the only sign of the first.
    const bool stale =
        state == "26000" || field_of(result, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery";
    if (lost || elsewhere || stale) {
      const Error error = lost ? away(PQerrorMessage(handle_.get())) : error_of(result, sql);
      forget();
      throw TryAgain{TryAgain::Reason::connection, error};
    }
    throw Failure(error_of(result, sql));
  }

  void refuse_after_failure() const {
    if (failed_)
      throw Failure(Error{.message = "the transaction is over: an earlier statement of it failed"});
  }

  void roll_back() {
    if (!handle_) return;
    try {
      const Answer answer = simple("ROLLBACK");
      if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) forget();
    } catch (const Silence&) {
      forget();
    }
  }

  void commit() {
    Answer answer;
    try {
      answer = simple("COMMIT");
    } catch (const Silence&) {
      lose_commit("it does not answer");
    }
    const bool done = PQresultStatus(answer.get()) == PGRES_COMMAND_OK;
    if (done && std::string_view(PQcmdStatus(answer.get())) == "COMMIT") return;
    if (PQstatus(handle_.get()) != CONNECTION_OK) lose_commit(PQerrorMessage(handle_.get()));
    if (done) throw Failure(Error{.message = "the database rolled a transaction back"});
    fail(answer.get(), "COMMIT");
  }

  [[noreturn]] void lose_commit(std::string_view why) {
    Error error = away(why);
    if (!reads_)
      error.message =
          "the connection to the database was lost while saving: whether it was saved is not known";
    forget();
    throw Failure(std::move(error));
  }

  const ConnectionSettings& settings_;
  const std::chrono::milliseconds limit_;
  Handle handle_;
  std::unordered_map<std::string, std::string> prepared_;  // key -> name on the server
  std::uint64_t statement_number_ = 0;
  bool failed_ = false;
  bool reads_ = false;
};

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(const PostgresOptions& options)
      : settings_(options.url), limit_(options.statement_limit) {
    for (std::size_t i = 0; i < std::max<std::size_t>(options.connections, 1); ++i)
      threads_.emplace_back([this] { serve(); });
  }
  ~PostgresDatabase() override {
    queue_.close();
    for (std::thread& thread : threads_) thread.join();
  }

  /// Throws Failure when the server cannot be used.
  void try_connection() {
    try {
      run_to_end(read([](Connection&) {}));
    } catch (const Failure& failure) {
      Error error = failure.error();
      if (!error.detail.empty()) error.message += ": " + error.detail;
      throw Failure(std::move(error));
    }
  }

  std::string_view kind() const override { return "postgres"; }
  std::string file() const override { return {}; }
  Task<void> forget_deleted() override { co_return; }
  Task<void> back_up(std::string) override {
    throw Failure(invalid("PostgreSQL is backed up with its own tools: pg_dump or pg_basebackup"));
    co_return;
  }

 private:
  void submit(Mode mode, std::function<void(Connection&)> work,
              std::function<void(std::exception_ptr)> done) override {
    queue_.push({mode, std::move(work), std::move(done)});
  }

  void serve() {
    PostgresConnection connection(settings_, limit_);
    std::minstd_rand random(std::random_device{}());
    while (!queue_.finished()) {
      auto job = queue_.pop();
      if (!job) continue;
      try {
        if (Steady::now() - job->queued_at > longest_line) throw Failure(busy());
        run(connection, *job, random);
      } catch (...) {
        job->failure = std::current_exception();
      }
      job->answer();
    }
  }

  /// Runs the job until it is done, fails for good, or had its tries.
  void run(PostgresConnection& connection, const Job& job, std::minstd_rand& random) {
    int lost = 0, collided = 0;
    for (;;) {
      // Those that collided go one at a time, or they would meet again.
      std::unique_lock<std::mutex> turn(turn_, std::defer_lock);
      if (collided > 0) turn.lock();
      try {
        connection.transact(job.mode, job.work);
        return;
      } catch (const TryAgain& again) {
        const bool connecting = again.reason == TryAgain::Reason::connection;
        if (connecting ? ++lost == connection_tries : ++collided == serialization_tries)
          give_up(again);
        // Up to 100 and 200 ms for a server, some ms for another transaction.
        const int longest = connecting ? 100 * lost : std::min(1 << collided, 100);
        if (turn.owns_lock()) turn.unlock();
        std::this_thread::sleep_for(
            std::chrono::milliseconds(std::uniform_int_distribution(1, longest)(random)));
      }
    }
  }

  static Error busy() {
    return {ErrorKind::unavailable, "the database is busy, or does not answer; try again"};
  }

  [[noreturn]] static void give_up(const TryAgain& again) {
    Error error = again.error;
    error.kind = ErrorKind::unavailable;
    if (again.reason == TryAgain::Reason::serialization)
      error.message = "the database is busy: other writes came in between";
    throw Failure(std::move(error));
  }

  const ConnectionSettings settings_;
  const std::chrono::milliseconds limit_;
  JobQueue queue_;
  std::mutex turn_;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Database> open_postgres(PostgresOptions options) {
  auto database = std::make_unique<PostgresDatabase>(options);
  database->try_connection();
  return database;
}

}  // namespace fairlead::store
