// The contract of Database, held by every driver.
#include "store/database.hpp"

#include "store/migration.hpp"
#include "support/databases.hpp"

#include <boost/asio/detached.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <latch>
#include <limits>
#include <set>
#include <thread>

namespace fairlead::store {
namespace {

using fairlead::testing::DatabaseKind;
using fairlead::testing::DatabasePlace;
using fairlead::testing::every_database;
using fairlead::testing::name_of_database;

class DatabaseContract : public ::testing::TestWithParam<DatabaseKind> {
 protected:
  void SetUp() override {
    place_ = GetParam().make();
    database_ = place_->open();
    script(
        "CREATE TABLE item (id BIGINT PRIMARY KEY, name TEXT UNIQUE, weight DOUBLE PRECISION,"
        " picture BYTEA);");
  }

  void script(std::string_view sql) {
    const std::string text = in_dialect(database_->kind(), sql);
    run_to_end(database_->write([&](Connection& c) { c.execute_script(text); }));
  }
  std::int64_t execute(std::string_view sql, std::vector<Value> arguments = {}) {
    return run_to_end(database_->write([&](Connection& c) { return c.execute(sql, arguments); }));
  }
  Rows query(std::string_view sql, std::vector<Value> arguments = {}) {
    return run_to_end(database_->read([&](Connection& c) { return c.query(sql, arguments); }));
  }
  std::int64_t count(std::string_view table = "item") {
    return query(fmt::format("SELECT count(*) FROM {}", table)).at(0).integer(0);
  }
  void reopen() {
    database_.reset();
    database_ = place_->open();
  }
  template <class F>
  static std::optional<ErrorKind> kind_of_failure(F act) {
    try {
      act();
      return std::nullopt;
    } catch (const Failure& failure) {
      return failure.error().kind;
    }
  }

  std::unique_ptr<DatabasePlace> place_;
  std::unique_ptr<Database> database_;
};

constexpr const char* insert_all =
    "INSERT INTO item (id, name, weight, picture) VALUES ($1, $2, $3, $4)";

TEST_P(DatabaseContract, EveryTypeComesBackAsItWent) {
  const std::string every_byte = [] {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    return bytes;
  }();
  const std::vector<std::vector<Value>> cases = {
      {std::int64_t{1}, "plain", 1.5, Blob{"bytes"}},
      {std::int64_t{0}, "", 0.0, Blob{""}},
      {std::numeric_limits<std::int64_t>::max(), "Grüße, 世界 🚢", 0.1, Blob{every_byte}},
      {std::numeric_limits<std::int64_t>::min(), "it's \"quoted\" \\ $1 %\n",
       std::numeric_limits<double>::max(), Blob{std::string(100'000, '\0')}},
      {std::int64_t{-7}, std::string(100'000, 'x'), std::numeric_limits<double>::denorm_min(),
       Blob{"\\x00"}},
      {std::int64_t{2}, nullptr, nullptr, nullptr},
      {std::int64_t{3}, "infinite", -std::numeric_limits<double>::infinity(), Blob{"\xff"}},
  };
  for (const auto& values : cases) {
    EXPECT_EQ(execute(insert_all, values), 1);
    const Rows rows =
        query("SELECT id, name, weight, picture FROM item WHERE id = $1", {values[0]});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].integer(0), std::get<std::int64_t>(values[0]));
    EXPECT_EQ(rows[0].is_null(1), std::holds_alternative<std::nullptr_t>(values[1]));
    EXPECT_EQ(rows[0].optional_text(1).has_value(), !rows[0].is_null(1));
    if (rows[0].is_null(1)) continue;
    EXPECT_EQ(rows[0].text(1), std::get<std::string>(values[1]));
    EXPECT_EQ(rows[0].real(2), std::get<double>(values[2]));
    EXPECT_EQ(rows[0].bytes(3), std::get<Blob>(values[3]).bytes);
  }
}

TEST_P(DatabaseContract, ComputedColumnsHaveTheSameTypes) {
  for (std::int64_t i = 1; i <= 4; ++i)
    execute(insert_all, {i, fmt::format("n{}", i), 0.5, nullptr});
  const Rows rows = query(
      "SELECT count(*), sum(id), avg(weight), max(name), sum(weight), coalesce(NULL, $1),"
      " count(*) > 3, $2, $3 FROM item",
      {Blob{"none"}, std::int64_t{1} << 40, "text"});
  EXPECT_EQ(rows.at(0).integer(0), 4);
  EXPECT_EQ(rows[0].integer(1), 10);
  EXPECT_EQ(rows[0].real(2), 0.5);
  EXPECT_EQ(rows[0].text(3), "n4");
  EXPECT_EQ(rows[0].real(4), 2.0);
  EXPECT_EQ(rows[0].bytes(5), "none");
  EXPECT_TRUE(rows[0].boolean(6));
  EXPECT_EQ(rows[0].integer(7), std::int64_t{1} << 40);
  EXPECT_EQ(rows[0].text(8), "text");
}

TEST_P(DatabaseContract, ParametersGoByTheirNumber) {
  execute("INSERT INTO item (name, id) VALUES ($2, $1)", {std::int64_t{5}, "five"});
  const Rows rows = query("SELECT name FROM item WHERE name = $2 AND id = $1 AND id < $1 + 1",
                          {std::int64_t{5}, "five"});
  EXPECT_EQ(rows.at(0).text(0), "five");
  for (const std::vector<Value>& wrong :
       {std::vector<Value>{}, std::vector<Value>{"a", "b"}, std::vector<Value>{"a", "b", "c"}})
    EXPECT_EQ(kind_of_failure([&] { query("SELECT id FROM item WHERE name = $1", wrong); }),
              ErrorKind::internal);
}

TEST_P(DatabaseContract, NullMayStandForAnyType) {
  const char* sql = "SELECT count(*) FROM item WHERE CAST($1 AS TEXT) IS NULL OR name = $1";
  execute("INSERT INTO item (id, name) VALUES (1, 'a')");
  EXPECT_EQ(query(sql, {nullptr}).at(0).integer(0), 1);
  EXPECT_EQ(query(sql, {"b"}).at(0).integer(0), 0);
  EXPECT_EQ(query(sql, {"a"}).at(0).integer(0), 1);
  EXPECT_EQ(query(sql, {nullptr}).at(0).integer(0), 1);
}

TEST_P(DatabaseContract, SharedSqlDoesTheSame) {
  execute("INSERT INTO item (id, name) VALUES (1, 'Anna'), (2, 'anna'), (3, 'Bob')");
  EXPECT_EQ(count("item WHERE name LIKE 'A%'"), 1);
  EXPECT_EQ(execute("UPDATE item SET weight = 1 WHERE id >= 2"), 2);
  EXPECT_EQ(execute("UPDATE item SET weight = 1 WHERE id = 99"), 0);
  EXPECT_EQ(execute("DELETE FROM item WHERE id = 3"), 1);
  EXPECT_EQ(execute("INSERT INTO item (id, name) VALUES (1, 'x') ON CONFLICT (id) DO NOTHING"), 0);
  const auto returned = run_to_end(database_->write([](Connection& c) {
    return c.query(
        "INSERT INTO item (id, name) VALUES ($1, $2)"
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING id, name",
        {std::int64_t{1}, "Carol"});
  }));
  EXPECT_EQ(returned.at(0).text(1), "Carol");
}

TEST_P(DatabaseContract, WrongValuesAreRefusedAlike) {
  struct Case {
    Value id, name, weight;
    ErrorKind kind;
  };
  const Case cases[] = {
      {std::int64_t{1}, std::string("a\0b", 3), 1.0, ErrorKind::invalid_input},
      {std::int64_t{1}, "\xff\xfe", 1.0, ErrorKind::invalid_input},
      {std::int64_t{1}, "a", std::nan(""), ErrorKind::invalid_input},
      {"many", "a", 1.0, ErrorKind::internal},
      {nullptr, "a", 1.0, ErrorKind::internal},
  };
  for (const Case& one : cases)
    EXPECT_EQ(kind_of_failure([&] {
                execute(insert_all, {one.id, one.name, one.weight, nullptr});
              }),
              one.kind);
  EXPECT_EQ(count(), 0);
}

TEST_P(DatabaseContract, WrongStatementsAreInternalErrors) {
  for (const char* sql : {"SELEC 1", "SELECT * FROM nowhere", "SELECT 1; SELECT 2", "",
                          "INSERT INTO item (id, name) VALUES (1, \"double quotes are names\")"})
    EXPECT_EQ(kind_of_failure([&] { execute(sql); }), ErrorKind::internal) << sql;
  EXPECT_EQ(count(), 0);
}

TEST_P(DatabaseContract, ReadsCannotWrite) {
  EXPECT_EQ(kind_of_failure([&] { query("INSERT INTO item (id) VALUES (1) RETURNING id"); }),
            ErrorKind::internal);
  EXPECT_EQ(count(), 0);
  EXPECT_EQ(execute("INSERT INTO item (id) VALUES (1)"), 1);
}

TEST_P(DatabaseContract, UniqueViolationNamesWhatIsUnique) {
  execute(insert_all, {std::int64_t{1}, "taken", nullptr, nullptr});
  const auto violated = [&](std::int64_t id, const char* name) -> std::string {
    try {
      execute(insert_all, {id, name, nullptr, nullptr});
    } catch (const UniqueViolation& violation) {
      return violation.what();
    }
    return "nothing";
  };
  EXPECT_NE(violated(2, "taken").find("name"), std::string::npos);
  EXPECT_NE(violated(1, "free").find("item"), std::string::npos);
  EXPECT_EQ(violated(2, "free"), "nothing");
}

TEST_P(DatabaseContract, AClosureThatHidesAFailureIsNotCommitted) {
  execute("INSERT INTO item (id, name) VALUES (1, 'taken')");
  const auto hide = [](Connection& c) {
    c.execute("INSERT INTO item (id, name) VALUES (2, 'mine')");
    try {
      c.execute("INSERT INTO item (id, name) VALUES (3, 'taken')");
    } catch (const UniqueViolation&) {  // against the rule in database.hpp
    }
  };
  EXPECT_EQ(kind_of_failure([&] { run_to_end(database_->write(hide)); }), ErrorKind::internal);
  const auto go_on = [&](Connection& c) {
    hide(c);
    c.execute("INSERT INTO item (id, name) VALUES (4, 'more')");
  };
  EXPECT_EQ(kind_of_failure([&] { run_to_end(database_->write(go_on)); }), ErrorKind::internal);
  EXPECT_EQ(count(), 1);
}

TEST_P(DatabaseContract, AThrowingClosureIsRolledBack) {
  struct Own {};
  EXPECT_THROW(run_to_end(database_->write([](Connection& c) {
                 c.execute("INSERT INTO item (id) VALUES (1)");
                 throw Own();
               })),
               Own);
  EXPECT_EQ(count(), 0);
}

TEST_P(DatabaseContract, AThrowingClosureIsRolledBackAloneAmongConcurrentOnes) {
  constexpr std::int64_t writers = 200;
  std::atomic<int> failed = 0;
  asio::io_context context(1);
  for (std::int64_t i = 0; i < writers; ++i)
    asio::co_spawn(context, database_->write([i](Connection& c) {
      c.execute("INSERT INTO item (id) VALUES ($1)", {i});
      if (i % 3 == 0) throw Failure(invalid("third"));
      c.execute("UPDATE item SET weight = 1 WHERE id = $1", {i});
    }),
                   [&](std::exception_ptr failure) { failed += failure ? 1 : 0; });
  context.run();
  EXPECT_EQ(failed, 67);
  EXPECT_EQ(count(), writers - 67);
  EXPECT_EQ(count("item WHERE id % 3 = 0 OR weight IS NULL"), 0);
}

TEST_P(DatabaseContract, AThousandConcurrentWritesFromSeveralContextsAreDurable) {
  constexpr int threads = 4;
  constexpr std::int64_t each = 250;
  std::atomic<int> done = 0, elsewhere = 0;
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t)
    running.emplace_back([&, t] {
      asio::io_context context(1);
      const auto here = std::this_thread::get_id();
      const auto one = [&](std::int64_t id) -> Task<void> {
        co_await database_->write(
            [id](Connection& c) { c.execute("INSERT INTO item (id) VALUES ($1)", {id}); });
        if (std::this_thread::get_id() != here) ++elsewhere;
        const Rows mine = co_await database_->read(
            [id](Connection& c) { return c.query("SELECT id FROM item WHERE id = $1", {id}); });
        if (std::this_thread::get_id() != here) ++elsewhere;
        if (mine.size() == 1) ++done;
      };
      for (std::int64_t i = 0; i < each; ++i)
        asio::co_spawn(context, one(t * each + i), asio::detached);
      context.run();
    });
  for (std::thread& thread : running) thread.join();
  EXPECT_EQ(done, threads * each);
  EXPECT_EQ(elsewhere, 0);
  if (place_->outlives_its_process()) reopen();
  EXPECT_EQ(count(), threads * each);
}

TEST_P(DatabaseContract, WritesBehaveAsIfOneAfterTheOther) {
  // Each looks first and then acts on what it saw; there must never be more than five.
  asio::io_context context(1);
  int failed = 0;
  for (std::int64_t i = 0; i < 20; ++i)
    asio::co_spawn(context, database_->write([i](Connection& c) {
      if (c.query("SELECT count(*) FROM item").at(0).integer(0) < 5)
        c.execute("INSERT INTO item (id) VALUES ($1)", {i});
    }),
                   [&](std::exception_ptr failure) { failed += failure ? 1 : 0; });
  context.run();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(count(), 5);
}

TEST_P(DatabaseContract, AReadSeesOneMoment) {
  if (!place_->outlives_its_process()) return;  // in memory, reads and writes take turns anyway
  execute("INSERT INTO item (id) VALUES (1)");
  std::latch first_look(1), written(1);
  std::pair<std::int64_t, std::int64_t> seen;
  std::thread reader([&] {
    seen = run_to_end(database_->read([&](Connection& c) {
      const char* sql = "SELECT count(*) FROM item";
      const auto before = c.query(sql).at(0).integer(0);
      first_look.count_down();
      written.wait();
      return std::pair(before, c.query(sql).at(0).integer(0));
    }));
  });
  first_look.wait();
  execute("INSERT INTO item (id) VALUES (2)");
  written.count_down();
  reader.join();
  EXPECT_EQ(seen, std::pair(std::int64_t{1}, std::int64_t{1}));
  EXPECT_EQ(count(), 2);
}

TEST_P(DatabaseContract, IsWritableAfterMigrating) {
  EXPECT_FALSE(run_to_end(database_->is_writable()));
  run_to_end(migrate(*database_, {}));
  EXPECT_TRUE(run_to_end(database_->is_writable()));
  EXPECT_TRUE(run_to_end(database_->is_writable()));
}

TEST_P(DatabaseContract, ForgetDeletedMayBeCalledAnyTime) {
  run_to_end(database_->forget_deleted());
  execute("INSERT INTO item (id) VALUES (1)");
  run_to_end(database_->forget_deleted());
  EXPECT_EQ(count(), 1);
}

TEST_P(DatabaseContract, ClosingFinishesWhatIsQueued) {
  if (!place_->outlives_its_process()) return;
  asio::io_context context(1);
  int ended = 0;
  for (std::int64_t i = 0; i < 50; ++i)
    asio::co_spawn(context, database_->write([i](Connection& c) {
      c.execute("INSERT INTO item (id) VALUES ($1)", {i});
    }),
                   [&](std::exception_ptr failure) { ended += failure ? 0 : 1; });
  context.poll();  // hands all of them to the driver
  reopen();
  context.run();
  EXPECT_EQ(ended, 50);
  EXPECT_EQ(count(), 50);
}

TEST_P(DatabaseContract, ClosingAfterALoopWasStoppedLeavesItsCallersToTheLoop) {
  const auto held = std::make_shared<int>();
  auto context = std::make_unique<asio::io_context>(1);
  std::latch stopped(1);
  const auto call = [&](std::shared_ptr<int>) -> Task<void> {
    co_await database_->write([&](Connection& c) {
      stopped.wait();
      c.execute("INSERT INTO item (id) VALUES (1)");
    });
    ADD_FAILURE() << "a stopped loop goes on";
  };
  asio::co_spawn(*context, call(held), asio::detached);
  context->poll();  // hands the work to the driver
  context->stop();
  stopped.count_down();
  database_.reset();
  EXPECT_EQ(held.use_count(), 2);
  context.reset();
  EXPECT_EQ(held.use_count(), 1);
}

INSTANTIATE_TEST_SUITE_P(Drivers, DatabaseContract, ::testing::ValuesIn(every_database()),
                         &name_of_database);

}  // namespace
}  // namespace fairlead::store
