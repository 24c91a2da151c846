// What only PostgreSQL does: connections that go away, transactions that collide, a server's
// limits.
#include "store/database.hpp"
#include "store/doctor.hpp"
#include "support/databases.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>

namespace fairlead::store {
namespace {

using namespace std::chrono_literals;
using fairlead::testing::PostgresPlace;

class PostgresDatabaseTest : public ::testing::Test {
 protected:
  void script(Database& database, std::string sql) {
    run_to_end(database.write([&](Connection& c) { c.execute_script(sql); }));
  }
  std::int64_t number(std::string sql) {
    return run_to_end(
        database_->read([&](Connection& c) { return c.query(sql).at(0).integer(0); }));
  }
  template <class F>
  static Error failure_of(F act) {
    try {
      act();
      return {ErrorKind::internal, "it worked"};
    } catch (const Failure& failure) {
      return failure.error();
    }
  }
  static Error failure_to_open(std::string url) {
    return failure_of([&] { (void)open_postgres({.url = url, .connections = 1}); });
  }

  PostgresPlace place_;
  std::unique_ptr<Database> database_ = place_.open();
};

constexpr const char* end_own_connection = "SELECT pg_terminate_backend(pg_backend_pid())";

TEST_F(PostgresDatabaseTest, SessionsHaveLimits) {
  const auto setting = [&](std::string name) {
    return run_to_end(
        database_->write([&](Connection& c) { return c.query("SHOW " + name).at(0).text(0); }));
  };
  EXPECT_EQ(setting("statement_timeout"), "5s");
  EXPECT_EQ(setting("lock_timeout"), "3s");
  EXPECT_EQ(setting("idle_in_transaction_session_timeout"), "10s");
  EXPECT_EQ(setting("synchronous_commit"), "on");
  EXPECT_EQ(setting("transaction_isolation"), "serializable");
}

TEST_F(PostgresDatabaseTest, AStatementHasALimitInTime) {
  const auto hasty = open_postgres({.url = place_.url(), .statement_limit = 20ms});
  const Error error = failure_of([&] {
    run_to_end(hasty->read([](Connection& c) { (void)c.query("SELECT pg_sleep(60)"); }));
  });
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_EQ(error.message, "the database took too long");
  script(*hasty, "SELECT pg_sleep(0.05)");  // a migration has none
}

TEST_F(PostgresDatabaseTest, AConnectionLostBeforeTheCommitIsTriedAgain) {
  script(*database_, "CREATE TABLE item (id BIGINT PRIMARY KEY)");
  for (const int losses : {1, 2, 3}) {
    int runs = 0;
    const Error error = failure_of([&] {
      run_to_end(database_->write([&](Connection& c) {
        c.execute("INSERT INTO item (id) VALUES ($1)", {std::int64_t{losses}});
        if (++runs <= losses) (void)c.query(end_own_connection);
      }));
    });
    EXPECT_EQ(runs, std::min(losses + 1, 3));
    EXPECT_EQ(error.message, losses < 3 ? "it worked" : "the database cannot be reached");
    if (losses == 3) EXPECT_EQ(error.kind, ErrorKind::unavailable);
  }
  EXPECT_EQ(number("SELECT count(*) FROM item"), 2);
}

TEST_F(PostgresDatabaseTest, AConnectionLostInTheCommitIsNotTriedAgain) {
  script(*database_,
         "CREATE TABLE item (id BIGINT PRIMARY KEY);"
         "CREATE FUNCTION end_it() RETURNS trigger LANGUAGE plpgsql AS"
         " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';"
         "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED"
         " FOR EACH ROW EXECUTE FUNCTION end_it();");
  int runs = 0;
  const Error error = failure_of([&] {
    run_to_end(database_->write([&](Connection& c) {
      ++runs;
      c.execute("INSERT INTO item (id) VALUES (1)");
    }));
  });
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_NE(error.message.find("is not known"), std::string::npos) << error.message;
  EXPECT_EQ(number("SELECT count(*) FROM item"), 0);
}

// A machine that is stopped, or a line that is cut, sends nothing: no error, no end.
TEST_F(PostgresDatabaseTest, AServerThatFallsSilentIsGivenUpInTime) {
  script(*database_, "CREATE TABLE item (id BIGINT PRIMARY KEY)");
  const auto one = open_postgres({.url = place_.url(), .connections = 1, .statement_limit = 200ms});
  std::int64_t stopped = 0;
  const auto find_server = [&](Connection& c) {
    stopped = c.query("SELECT pg_backend_pid()").at(0).integer(0);
  };
  const auto stop = [&] { ASSERT_EQ(::kill(static_cast<pid_t>(stopped), SIGSTOP), 0); };
  const auto go_on = [&] { ::kill(static_cast<pid_t>(stopped), SIGCONT); };
  struct Case {
    const char* when;
    std::function<void(Connection&)> work;
    const char* says;
  };
  const Case cases[] = {
      {"in a statement",
       [&](Connection& c) {
         find_server(c);
         stop();
         (void)c.query("SELECT 1");
       },
       "cannot be reached"},
      {"in the commit",
       [&](Connection& c) {
         c.execute("INSERT INTO item (id) VALUES (1)");
         find_server(c);
         stop();
       },
       "is not known"},
  };
  for (const Case& each : cases) {
    const auto begun = std::chrono::steady_clock::now();
    const Error error = failure_of([&] { run_to_end(one->write(each.work)); });
    EXPECT_EQ(error.kind, ErrorKind::unavailable) << each.when;
    EXPECT_NE(error.message.find(each.says), std::string::npos) << each.when << error.message;
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s) << each.when;
    // The next has a connection of its own.
    EXPECT_EQ(
        run_to_end(one->read([](Connection& c) { return c.query("SELECT 2"); })).at(0).integer(0),
        2);
    go_on();
  }
  // Between two calls, as it mostly is.
  run_to_end(one->read(find_server));
  stop();
  EXPECT_EQ(failure_of([&] { run_to_end(one->read([](Connection&) {})); }).kind,
            ErrorKind::unavailable);
  go_on();
}

TEST_F(PostgresDatabaseTest, AllConnectionsLostBetweenCallsGoUnnoticed) {
  script(*database_, "CREATE TABLE item (id BIGINT PRIMARY KEY)");
  PostgresPlace elsewhere;
  const auto other = elsewhere.open();
  script(*other,
         "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ="
         " 'fairlead' AND pid <> pg_backend_pid() AND datname <> current_database()");
  for (std::int64_t i = 0; i < 20; ++i)
    run_to_end(database_->write(
        [i](Connection& c) { c.execute("INSERT INTO item (id) VALUES ($1)", {i}); }));
  EXPECT_EQ(number("SELECT count(*) FROM item"), 20);
}

TEST_F(PostgresDatabaseTest, CollidingWritesOfTwoServersAllSucceed) {
  script(*database_, "CREATE TABLE counter (value BIGINT); INSERT INTO counter VALUES (0)");
  const auto other = place_.open();
  asio::io_context context(1);
  int failed = 0;
  for (int i = 0; i < 200; ++i)
    asio::co_spawn(context, (i % 2 == 0 ? database_ : other)->write([](Connection& c) {
      const auto value = c.query("SELECT value FROM counter").at(0).integer(0);
      c.execute("UPDATE counter SET value = $1", {value + 1});
    }),
                   [&](std::exception_ptr failure) { failed += failure ? 1 : 0; });
  context.run();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(number("SELECT value FROM counter"), 200);
}

TEST_F(PostgresDatabaseTest, APlanThatAMigrationMadeStaleIsMadeAnew) {
  const auto one = open_postgres({.url = place_.url(), .connections = 1});
  script(*database_, "CREATE TABLE item (id BIGINT); INSERT INTO item VALUES (7)");
  const auto columns = [&] {
    return run_to_end(one->read([](Connection& c) { return c.query("SELECT * FROM item"); }));
  };
  EXPECT_EQ(columns().at(0).integer(0), 7);
  script(*database_, "ALTER TABLE item ADD name TEXT DEFAULT 'new'");
  EXPECT_EQ(columns().at(0).text(1), "new");
}

TEST_F(PostgresDatabaseTest, ManyDifferentStatementsAreForgottenInTime) {
  const auto one = open_postgres({.url = place_.url(), .connections = 1});
  for (int i = 0; i < 300; ++i) {
    const std::string sql = "SELECT " + std::to_string(i);
    EXPECT_EQ(run_to_end(one->read([&](Connection& c) { return c.query(sql); })).at(0).integer(0),
              i);
  }
  const auto kept = run_to_end(one->read([](Connection& c) {
    return c.query("SELECT count(*) FROM pg_prepared_statements").at(0).integer(0);
  }));
  EXPECT_LE(kept, 256);
}

TEST_F(PostgresDatabaseTest, ErrorsDoNotRepeatValues) {
  script(*database_, "CREATE TABLE item (name TEXT UNIQUE, CHECK (name <> 'hunter2'))");
  const auto use = [&](const char* sql) {
    return failure_of(
        [&] { run_to_end(database_->write([&](Connection& c) { c.execute(sql, {"hunter2"}); })); });
  };
  for (const char* sql : {"INSERT INTO item (name) VALUES ($1)", "SELECT CAST($1 AS BIGINT)",
                          "SELECT CAST($1 AS TIMESTAMP)"}) {
    const Error error = use(sql);
    EXPECT_EQ(error.message, "the database refused a statement");
    EXPECT_EQ(error.detail.find("hunter2"), std::string::npos) << error.detail;
  }
}

TEST_F(PostgresDatabaseTest, UnfitServersAreRefusedWithoutShowingThePassword) {
  const std::string& url = place_.url();
  const std::string port =
      url.substr(url.rfind(':') + 1, url.rfind('/') - url.rfind(':'));  // "5432/"
  struct Case {
    std::string url;
    ErrorKind kind;
    const char* says;
  };
  const Case cases[] = {
      {"postgresql://u:hunter2@[::/x", ErrorKind::invalid_input, "postgresql://user@host"},
      {"postgresql://u:hunter2@127.0.0.1/x?wrong=1", ErrorKind::invalid_input, "not understood"},
      {"postgresql://u:hunter2@127.0.0.1:1/x", ErrorKind::unavailable, "cannot be reached"},
      {"postgresql://fairlead:hunter2@127.0.0.1:" + port + "nowhere", ErrorKind::unavailable,
       "does not exist"},
      // Not this machine by its name, so it has to show a certificate; this server has none.
      {"postgresql://fairlead:hunter2@db.example:" + port + "x?hostaddr=127.0.0.1",
       ErrorKind::unavailable, "SSL"},
  };
  for (const Case& one : cases) {
    const Error error = failure_to_open(one.url);
    EXPECT_EQ(error.kind, one.kind) << error.message;
    EXPECT_NE(error.message.find(one.says), std::string::npos) << error.message;
    EXPECT_EQ((error.message + error.detail).find("hunter2"), std::string::npos) << error.message;
  }
}

/// Environment variables until the end of a test.
class Variables {
 public:
  explicit Variables(std::vector<std::pair<const char*, std::string>> set) : set_(std::move(set)) {
    for (const auto& [name, value] : set_) setenv(name, value.c_str(), 1);
  }
  ~Variables() {
    for (const auto& one : set_) unsetenv(one.first);
  }
  Variables(const Variables&) = delete;

 private:
  std::vector<std::pair<const char*, std::string>> set_;
};

// libpq takes what the URL leaves out from the environment. The server here has no certificate.
TEST_F(PostgresDatabaseTest, AHostOfTheEnvironmentHasToShowACertificateToo) {
  const std::string& url = place_.url();
  const auto slash = url.rfind('/'), colon = url.rfind(':');
  const std::string port = url.substr(colon + 1, slash - colon - 1), name = url.substr(slash + 1);
  fairlead::testing::TemporaryFolder folder;
  const std::string services = folder.file("services");
  std::ofstream(services) << "[elsewhere]\nhost=db.example\nhostaddr=127.0.0.1\nport=" << port
                          << "\n";
  const std::string no_host = "postgresql://fairlead@/" + name;
  using Set = std::vector<std::pair<const char*, std::string>>;
  struct Case {
    const char* what;
    Set set;
    std::string url;
    bool opens;
  };
  const Case cases[] = {
      {"this machine", {{"PGHOST", "127.0.0.1"}, {"PGPORT", port}}, no_host, true},
      {"another host",
       {{"PGHOST", "db.example"}, {"PGHOSTADDR", "127.0.0.1"}, {"PGPORT", port}},
       no_host,
       false},
      {"the variable does not weaken it",
       {{"PGHOST", "db.example"},
        {"PGHOSTADDR", "127.0.0.1"},
        {"PGPORT", port},
        {"PGSSLMODE", "disable"}},
       no_host,
       false},
      {"the URL does",
       {{"PGHOST", "db.example"}, {"PGHOSTADDR", "127.0.0.1"}, {"PGPORT", port}},
       no_host + "?sslmode=disable",
       true},
      {"a service of the environment",
       {{"PGSERVICE", "elsewhere"}, {"PGSERVICEFILE", services}},
       no_host,
       false},
      {"a service of the URL",
       {{"PGSERVICEFILE", services}},
       no_host + "?service=elsewhere",
       false},
      {"the address of the URL goes before that of the variable",
       {{"PGHOSTADDR", "192.0.2.1"}},
       "postgresql://fairlead@localhost:" + port + "/" + name + "?hostaddr=127.0.0.1",
       true},
  };
  for (const Case& one : cases) {
    const Variables variables(one.set);
    const Error error = failure_to_open(one.url);
    if (one.opens)
      EXPECT_EQ(error.message, "it worked") << one.what;
    else
      EXPECT_NE(error.message.find("SSL"), std::string::npos) << one.what << ": " << error.message;
  }
}

TEST_F(PostgresDatabaseTest, AConnectionThatCouldNotBeSetUpIsNotUsed) {
  const auto one = open_postgres({.url = place_.url(), .connections = 1});
  const auto set_up_before = open_postgres({.url = place_.url(), .connections = 1});
  const std::string name = place_.url().substr(place_.url().rfind('/') + 1);
  script(*set_up_before,
         "CREATE SCHEMA broken;"
         "CREATE FUNCTION broken.current_setting(text) RETURNS text LANGUAGE plpgsql AS"
         " 'BEGIN RAISE EXCEPTION ''not today''; END';"
         "ALTER DATABASE " +
             name + " SET search_path = broken, pg_catalog, public");
  const auto read = [&](const char* sql) {
    return failure_of([&] { run_to_end(one->read([&](Connection& c) { (void)c.query(sql); })); });
  };
  EXPECT_NE(read(end_own_connection).message, "it worked");
  EXPECT_NE(read("SELECT 1").message, "it worked");
  script(*set_up_before, "DROP SCHEMA broken CASCADE");
  EXPECT_EQ(run_to_end(one->read([](Connection& c) { return c.query("SHOW statement_timeout"); }))
                .at(0)
                .text(0),
            "5s");
}

TEST_F(PostgresDatabaseTest, DoctorSaysWhatAFailoverCanLose) {
  const auto all = run_to_end(facts(*database_));
  ASSERT_EQ(all.size(), 4U);
  EXPECT_TRUE(all[0].value.starts_with("15"));
  EXPECT_EQ(all[1].value, "on");
  EXPECT_NE(all[2].advice.find("failover"), std::string::npos);
  EXPECT_TRUE(all[3].advice.empty());  // 127.0.0.1
}

TEST_F(PostgresDatabaseTest, HasNoFileToCopy) {
  EXPECT_EQ(database_->file(), "");
  EXPECT_EQ(failure_of([&] { run_to_end(database_->back_up("x")); }).kind,
            ErrorKind::invalid_input);
}

}  // namespace
}  // namespace fairlead::store
